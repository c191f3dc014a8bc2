import * as shape from '../../shared/rest/contract-shapes.ts';
import { askEach, findOffset, rangeOf } from '../consume/partition-offsets.ts';
import { readStartPosition } from '../consume/start-position.ts';
import { answer, type CommandContext, type DoorOptionValues, openDoor } from '../context.ts';
import { table } from '../output/table.ts';

export type OffsetsValues = DoorOptionValues & { readonly at: string };

/** Which offset a place of the log has in each partition: the beginning, the end, or a time. */
export async function showOffsets(
  context: CommandContext,
  topic: string,
  values: OffsetsValues,
): Promise<void> {
  const position = readStartPosition(values.at, context.terminal.clock.nowMs());
  const door = await openDoor(context, values);
  const partitions = await door.call('listPartitions', { topic }, shape.partitions);
  const rows = await askEach(partitions, async ({ partition }) => {
    const place = { topic, partition };
    return { ...place, offset: await findOffset(door, place, position, await rangeOf(door, place)) };
  });
  await answer(context, values, rows, () =>
    table(
      [{ title: 'TOPIC' }, { title: 'PARTITION' }, { title: 'OFFSET' }],
      rows.map(({ partition, offset }) => [topic, partition, offset]),
      context.terminal.isBold,
    ),
  );
}
