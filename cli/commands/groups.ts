import { type Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { groupName, groupNames, repeated } from '../arguments.ts';
import { numberOrDigits } from '../consume/read-group.ts';
import { answer, type CommandContext, type DoorOptionValues, openDoor, withDoorOptions } from '../context.ts';
import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';
import { CommandFailure, UsageFailure } from '../failure.ts';
import { describeGroup, type GroupDescription, listGroups } from '../groups/group-state.ts';
import { type PlannedReset, planReset, type ResetTarget, readScope } from '../groups/reset-plan.ts';
import { counted } from '../output/progress.ts';
import { fields, table } from '../output/table.ts';
import { readTime } from '../times.ts';

type ResetValues = DoorOptionValues & {
  readonly topic?: readonly string[];
  readonly allTopics?: boolean;
  readonly toEarliest?: boolean;
  readonly toLatest?: boolean;
  readonly toCurrent?: boolean;
  readonly toOffset?: bigint;
  readonly toDatetime?: string;
  readonly shiftBy?: bigint;
  readonly dryRun?: boolean;
  readonly execute?: boolean;
};

const int64 = (text: string): bigint => {
  if (/^-?[0-9]{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It is a whole number.');
};
const offset = (text: string): bigint => {
  if (/^[0-9]{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('It is a whole number from 0 on.');
};

/** `millrace groups …`. */
export function addGroups(program: Command, context: CommandContext): void {
  const groups = program
    .command('groups')
    .alias('group')
    .description('List, show, move and delete consumer groups.');
  const add = (name: string, description: string): Command => groups.command(name).description(description);

  withDoorOptions(add('list', 'Lists all groups.').alias('ls')).action((values: DoorOptionValues) =>
    list(context, values),
  );
  const describe = add('describe', 'Shows members, committed offsets and lag of groups.')
    .alias('info')
    .argument('<groups...>', 'their names', groupNames);
  withDoorOptions(describe).action((names: string[], values: DoorOptionValues) =>
    describeAll(context, names, values),
  );
  const reset = add(
    'reset-offsets',
    'Moves what a group without members has committed. Shows it only, unless --execute.',
  )
    .alias('seek')
    .argument('<group>', 'its name', groupName)
    .option('-t, --topic <topic>', 'a topic, or TOPIC:0,2-4; may be repeated', repeated)
    .option('--all-topics', 'all that the group has committed')
    .option('--to-earliest', 'to the first record there is')
    .option('--to-latest', 'to the end')
    .option('--to-current', 'to where it is (makes it commit within the log)')
    .option('--to-offset <n>', 'to an offset', offset)
    .option('--to-datetime <time>', 'to the first record at or after a time', undefined)
    .option('--shift-by <n>', 'so many further, or back when negative', int64)
    .option('--dry-run', 'show only (the default)')
    .option('--execute', 'do it');
  withDoorOptions(reset).action((name: string, values: ResetValues) => resetOffsets(context, name, values));

  const remove = add('delete', 'Deletes groups without members, with what they committed.')
    .alias('rm')
    .argument('<groups...>', 'their names', groupNames);
  withDoorOptions(remove).action((names: string[], values: DoorOptionValues) =>
    deleteAll(context, names, values),
  );
}

async function list(context: CommandContext, values: DoorOptionValues): Promise<void> {
  const rows = await listGroups(await openDoor(context, values));
  await answer(context, values, rows, () =>
    table(
      [
        { title: 'GROUP' },
        { title: 'STATE' },
        { title: 'TYPE' },
        { title: 'ASSIGNOR' },
        { title: 'COORDINATOR' },
      ],
      rows.map(({ group, state, type, assignor, coordinator }) => [
        group,
        state,
        type,
        assignor || null,
        coordinator,
      ]),
      context.terminal.isBold,
    ),
  );
}

async function describeAll(
  context: CommandContext,
  names: readonly string[],
  values: DoorOptionValues,
): Promise<void> {
  const door = await openDoor(context, values);
  const found: GroupDescription[] = [];
  for (const name of names)
    found.push(await describeGroup(door, name).catch((error) => throwWithNext(error)));
  await answer(context, values, found, () =>
    found.map((group) => groupText(group, context.terminal.isBold)).join('\n'),
  );
}

/** What the door says of a group that is not there, or not idle, with what to do. */
function throwWithNext(error: unknown): never {
  const next: Readonly<Record<number, string>> = {
    404: '`npx millrace groups list` names those there are.',
    409: 'Stop its members first, and wait until `npx millrace groups describe` shows none.',
  };
  if (!(error instanceof DoorFailure) || error.status === undefined || !next[error.status]) throw error;
  throw new CommandFailure(error.message, error.next ?? next[error.status], error);
}

function groupText(group: GroupDescription, isBold: boolean): string {
  const { members, partitions, total_lag } = group;
  const summary = fields([
    ['group', group.group],
    ['state', group.state],
    ['type', group.type],
    ['assignor', group.assignor || null],
    ['coordinator', group.coordinator],
    ['members', members.length],
    ['total lag', total_lag],
  ]);
  const places = table(
    ['TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG', 'MEMBER', 'CLIENT'].map((title) => ({
      title,
    })),
    partitions.map((row) => [
      row.topic,
      row.partition,
      row.current_offset,
      row.log_end_offset,
      row.lag,
      row.member,
      row.client,
    ]),
    isBold,
  );
  const holding = new Set(partitions.map(({ member }) => member));
  const idle = members.filter(({ member }) => !holding.has(member));
  const others = table(
    [{ title: 'MEMBER WITHOUT COMMITS' }, { title: 'CLIENT' }, { title: 'INSTANCE' }],
    idle.map(({ member, client, instance }) => [member, client, instance]),
    isBold,
  );
  return [summary, ...(partitions.length > 0 ? [places] : []), ...(idle.length > 0 ? [others] : [])].join(
    '\n',
  );
}

async function resetOffsets(context: CommandContext, group: string, values: ResetValues): Promise<void> {
  const target = targetOf(values, context.terminal.clock.nowMs());
  if ((values.topic === undefined) === (values.allTopics === undefined)) {
    throw new UsageFailure('Say what to move with either --topic or --all-topics.');
  }
  if (values.dryRun && values.execute) throw new UsageFailure('--dry-run and --execute exclude each other.');
  const scopes = values.topic?.map(readScope);
  const door = await openDoor(context, values);
  const plan = await planReset(door, group, scopes, target);
  for (const { topic, partition, wantedOffset, newOffset } of plan) {
    if (wantedOffset === newOffset) continue;
    context.terminal.note(
      `millrace: partition ${partition} of ${topic} has no offset ${wantedOffset}: ${newOffset} it is.`,
    );
  }
  if (values.execute) await alterOffsets(door, group, plan).catch((error) => throwWithNext(error));
  const rows = plan.map(({ topic, partition, currentOffset, newOffset }) => ({
    topic,
    partition,
    current_offset: currentOffset,
    new_offset: newOffset,
  }));
  await answer(context, values, { group, executed: values.execute === true, offsets: rows }, () =>
    table(
      ['GROUP', 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'NEW-OFFSET'].map((title) => ({ title })),
      rows.map((row) => [group, row.topic, row.partition, row.current_offset, row.new_offset]),
      context.terminal.isBold,
    ),
  );
  if (!values.execute && !values.json) context.terminal.note('Nothing was changed: add --execute to do it.');
}

async function alterOffsets(door: Door, group: string, plan: readonly PlannedReset[]): Promise<void> {
  const offsets = plan.map(({ topic, partition, newOffset }) => ({
    topic_name: topic,
    partition_id: partition,
    offset: numberOrDigits(newOffset),
  }));
  await door.callV3('alterConsumerGroupOffsets', { consumer_group_id: group }, z.unknown(), {
    body: { offsets },
  });
}

function targetOf(values: ResetValues, nowMs: number): ResetTarget {
  const { toEarliest, toLatest, toCurrent, toOffset, toDatetime, shiftBy } = values;
  const targets: ResetTarget[] = [
    ...(toEarliest ? [{ kind: 'earliest' } as const] : []),
    ...(toLatest ? [{ kind: 'latest' } as const] : []),
    ...(toCurrent ? [{ kind: 'current' } as const] : []),
    ...(toOffset === undefined ? [] : [{ kind: 'offset', offset: toOffset } as const]),
    ...(shiftBy === undefined ? [] : [{ kind: 'shift', by: shiftBy } as const]),
    ...(toDatetime === undefined
      ? []
      : [{ kind: 'time', timeMs: readTime('--to-datetime', toDatetime, nowMs) } as const]),
  ];
  const [target, ...others] = targets;
  if (target !== undefined && others.length === 0) return target;
  throw new UsageFailure(
    'Say where to with one of --to-earliest, --to-latest, --to-current, --to-offset, --to-datetime, --shift-by.',
  );
}

async function deleteAll(
  context: CommandContext,
  names: readonly string[],
  values: DoorOptionValues,
): Promise<void> {
  const door = await openDoor(context, values);
  const results: { group: string; deleted?: true; error?: string }[] = [];
  let failure: unknown;
  for (const group of names) {
    try {
      await door.callV3('deleteConsumerGroup', { consumer_group_id: group }, z.unknown());
      results.push({ group, deleted: true });
      if (!values.json) await context.terminal.write(`${group} deleted.\n`);
    } catch (error) {
      if (!(error instanceof DoorFailure) || error.status === undefined) throw error;
      failure ??= error;
      results.push({ group, error: error.message });
      if (!values.json && names.length > 1) context.terminal.note(`millrace: ${group}: ${error.message}`);
    }
  }
  if (values.json) await context.terminal.json(results);
  if (failure === undefined) return;
  if (names.length === 1) throwWithNext(failure);
  const failed = results.filter(({ error }) => error !== undefined);
  throw new CommandFailure(`${counted(failed.length, 'group')} of ${names.length} failed.`);
}
