import type { Command } from 'commander';
import * as z from 'zod';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { pairs, repeated, topicName, topicNames, whole } from '../arguments.ts';
import { answer, type CommandContext, type DoorOptionValues, openDoor, withDoorOptions } from '../context.ts';
import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';
import { CommandFailure, UsageFailure } from '../failure.ts';
import { counted } from '../output/progress.ts';
import { table } from '../output/table.ts';
import { describeTopic, type TopicDescription, topicText } from './topic-description.ts';
import { type OffsetsValues, showOffsets } from './topic-offsets.ts';

const int32Max = 2 ** 31 - 1;

type CreateValues = DoorOptionValues & {
  readonly partitions?: number;
  readonly replicas?: number;
  readonly config?: readonly string[];
  readonly ifNotExists?: boolean;
  readonly dryRun?: boolean;
};
type AlterValues = DoorOptionValues & {
  readonly set?: readonly string[];
  readonly delete?: readonly string[];
  readonly dryRun?: boolean;
};
type AddValues = DoorOptionValues & { readonly num?: number; readonly to?: number };
type DescribeValues = DoorOptionValues & { readonly allConfigs?: boolean };

/** `millrace topics …`. */
export function addTopics(program: Command, context: CommandContext): void {
  const topics = program
    .command('topics')
    .alias('topic')
    .description('List, make, change and delete topics.');
  const add = (name: string, description: string): Command => topics.command(name).description(description);

  withDoorOptions(add('list', 'Lists all topics.').alias('ls')).action((values: DoorOptionValues) =>
    list(context, values),
  );
  const create = add('create', 'Makes topics.')
    .argument('<topics...>', 'their names', topicNames)
    .option(
      '-p, --partitions <n>',
      'how many partitions each has (default: what the door says)',
      whole(1, int32Max),
    )
    .option('-r, --replicas <n>', 'for scripts written for Kafka: 1 is all there is', whole(1, 32_767))
    .option('-c, --config <name=value>', 'a config, e.g. retention.ms=86400000; may be repeated', repeated)
    .option('--if-not-exists', 'a topic that is there already is no failure')
    .option('--dry-run', 'check only, make nothing');
  withDoorOptions(create).action((names: string[], values: CreateValues) =>
    createAll(context, names, values),
  );

  const describe = add('describe', 'Shows partitions, offsets and configs of topics.')
    .alias('info')
    .argument('<topics...>', 'their names', topicNames)
    .option('--all-configs', 'show configs with their default, too');
  withDoorOptions(describe).action((names: string[], values: DescribeValues) =>
    describeAll(context, names, values),
  );
  const offsets = add('offsets', 'Shows which offset a time, or another place, has in each partition.')
    .argument('<topic>', 'its name', topicName)
    .option('--at <where>', 'earliest, latest, -100: the last hundred, or @TIME', 'latest');
  withDoorOptions(offsets).action((name: string, values: OffsetsValues) =>
    showOffsets(context, name, values),
  );
  const alter = add('alter-config', 'Changes configs of a topic, all or none.')
    .argument('<topic>', 'its name', topicName)
    .option('--set <name=value>', 'a config; may be repeated', repeated)
    .option('--delete <name>', 'back to the default; may be repeated', repeated)
    .option('--dry-run', 'check only, change nothing');
  withDoorOptions(alter).action((name: string, values: AlterValues) => alterConfig(context, name, values));

  const grow = add('add-partitions', 'Adds partitions; keys go to other partitions from then on.')
    .argument('<topic>', 'its name', topicName)
    .option('-n, --num <n>', 'how many to add', whole(1, int32Max))
    .option('--to <n>', 'how many there shall be', whole(1, int32Max));
  withDoorOptions(grow).action((name: string, values: AddValues) => addPartitions(context, name, values));

  const remove = add('delete', 'Deletes topics with their records.')
    .alias('rm')
    .argument('<topics...>', 'their names', topicNames);
  withDoorOptions(remove).action((names: string[], values: DoorOptionValues) =>
    deleteAll(context, names, values),
  );
}

async function list(context: CommandContext, values: DoorOptionValues): Promise<void> {
  const door = await openDoor(context, values);
  const { data } = await door.callV3('listKafkaTopics', {}, shape.kafkaTopicList);
  const rows = data.map(
    ({ topic_name: topic, partitions_count: partitions, replication_factor: replicas }) => ({
      topic,
      partitions,
      replicas,
    }),
  );
  await answer(context, values, rows, () =>
    table(
      [{ title: 'TOPIC' }, { title: 'PARTITIONS' }, { title: 'REPLICAS' }],
      rows.map(({ topic, partitions, replicas }) => [topic, partitions, replicas]),
      context.terminal.isBold,
    ),
  );
}

/** Does the same to several topics, and says of each how it went: a failure of one does not stop the rest. */
async function forEachTopic<T>(
  context: CommandContext,
  values: DoorOptionValues,
  names: readonly string[],
  act: (name: string) => Promise<T>,
  said: (name: string, done: T) => string,
): Promise<void> {
  const results: { topic: string; error?: string; [member: string]: unknown }[] = [];
  let failure: unknown;
  for (const topic of names) {
    try {
      const done = await act(topic);
      results.push({ topic, ...(done as object) });
      if (!values.json) await context.terminal.write(`${said(topic, done)}\n`);
    } catch (error) {
      if (!(error instanceof DoorFailure) || error.status === undefined) throw error;
      failure ??= error;
      results.push({ topic, error: error.message });
      if (!values.json && names.length > 1) context.terminal.note(`millrace: ${topic}: ${error.message}`);
    }
  }
  if (values.json) await context.terminal.json(results);
  if (failure !== undefined) throw names.length > 1 ? new CommandFailure(failedText(results)) : failure;
}

const failedText = (results: readonly { error?: string }[]): string =>
  `${counted(results.filter(({ error }) => error !== undefined).length, 'topic')} of ${results.length} failed.`;

async function createAll(
  context: CommandContext,
  names: readonly string[],
  values: CreateValues,
): Promise<void> {
  const configs = pairs('--config', values.config ?? []).map(([name, value]) => ({ name, value }));
  const door = await openDoor(context, values);
  const create = async (topic: string): Promise<{ partitions: number; existed?: true }> => {
    const body = {
      topic_name: topic,
      ...(values.partitions === undefined ? {} : { partitions_count: values.partitions }),
      ...(values.replicas === undefined ? {} : { replication_factor: values.replicas }),
      ...(configs.length > 0 ? { configs } : {}),
      ...(values.dryRun ? { validate_only: true } : {}),
    };
    try {
      const made = await door.callV3('createTopic', {}, shape.kafkaTopic, { body });
      return { partitions: made.partitions_count };
    } catch (error) {
      if (!values.ifNotExists || !(error instanceof DoorFailure) || error.status !== 400) throw error;
      const there = await findTopic(door, topic);
      if (there === undefined) throw error;
      return { partitions: there.partitions_count, existed: true };
    }
  };
  await forEachTopic(context, values, names, create, (topic, { partitions, existed }) => {
    if (existed) return `${topic} is there already, with ${counted(partitions, 'partition')}.`;
    return `${topic} ${values.dryRun ? 'would be made' : 'made'}, with ${counted(partitions, 'partition')}.`;
  });
}

async function findTopic(door: Door, topic: string): Promise<z.output<typeof shape.kafkaTopic> | undefined> {
  try {
    return await door.callV3('getKafkaTopic', { topic_name: topic }, shape.kafkaTopic);
  } catch (error) {
    if (error instanceof DoorFailure && error.status === 404) return undefined;
    throw error;
  }
}

async function describeAll(
  context: CommandContext,
  names: readonly string[],
  values: DescribeValues,
): Promise<void> {
  const door = await openDoor(context, values);
  const found: TopicDescription[] = [];
  for (const name of names) found.push(await describeTopic(door, name));
  await answer(context, values, found, () =>
    found.map((topic) => topicText(topic, values.allConfigs === true, context.terminal.isBold)).join('\n'),
  );
}

async function alterConfig(context: CommandContext, topic: string, values: AlterValues): Promise<void> {
  const set = pairs('--set', values.set ?? []);
  const removed = values.delete ?? [];
  if (set.length + removed.length === 0) throw new UsageFailure('Say what to change with --set or --delete.');
  const door = await openDoor(context, values);
  const data = [
    ...set.map(([name, value]) => ({ name, value, operation: 'SET' })),
    ...removed.map((name) => ({ name, operation: 'DELETE' })),
  ];
  const body = { data, ...(values.dryRun ? { validate_only: true } : {}) };
  await door.callV3('alterTopicConfigs', { topic_name: topic }, z.undefined(), { body });
  const changed = { topic, set: Object.fromEntries(set), deleted: removed, dry_run: values.dryRun === true };
  await answer(context, values, changed, () =>
    `${counted(data.length, 'config')} of ${topic} ${values.dryRun ? 'may be' : ''} changed.\n`.replace(
      '  ',
      ' ',
    ),
  );
}

async function addPartitions(context: CommandContext, topic: string, values: AddValues): Promise<void> {
  if ((values.num === undefined) === (values.to === undefined)) {
    throw new UsageFailure('Say how many with either --num or --to.');
  }
  const door = await openDoor(context, values);
  const path = { topic_name: topic };
  const before = await door.callV3('getKafkaTopic', path, shape.kafkaTopic);
  const wanted = values.to ?? before.partitions_count + (values.num ?? 0);
  const body = { partitions_count: wanted };
  const { partitions_count: partitions } = await door.callV3('updatePartitionCount', path, shape.kafkaTopic, {
    body,
  });
  await answer(
    context,
    values,
    { topic, partitions },
    () => `${topic} has ${counted(partitions, 'partition')}.\n`,
  );
}

async function deleteAll(
  context: CommandContext,
  names: readonly string[],
  values: DoorOptionValues,
): Promise<void> {
  const door = await openDoor(context, values);
  const remove = async (topic: string): Promise<object> => {
    await door.callV3('deleteTopic', { topic_name: topic }, z.undefined());
    return { deleted: true };
  };
  await forEachTopic(context, values, names, remove, (topic) => `${topic} deleted.`);
}
