import {
  absentCell,
  type ClassicCell,
  type ConsumerCell,
  type GroupCell,
} from '../storage/items/group-cell.ts';
import { type ClassicAnswer, type ClassicEvent, done, refused } from './classic-events.ts';
import { decideClassic } from './classic-group.ts';
import type { ConsumerAnswer, ConsumerEvent, ConsumerMoment } from './consumer-events.ts';
import { decideConsumer } from './consumer-group.ts';

/**
 * A commit of a group that only stores offsets; the deletion of a group; and a commit with the fence `above`
 * that is written again, so that the lost try cannot land any more.
 */
export type PlainEvent =
  | { readonly kind: 'simpleCommit' }
  | { readonly kind: 'delete' }
  | { readonly kind: 'raiseFence'; readonly above: bigint };
export type GroupEvent = ClassicEvent | ConsumerEvent | PlainEvent;
export type GroupAnswer = ClassicAnswer | ConsumerAnswer;
export type GroupDecision = { readonly cell: GroupCell; readonly answers: readonly GroupAnswer[] };

const consumerKinds = ['heartbeat', 'consumerLeave', 'consumerExpire'];
const isConsumerEvent = (event: GroupEvent): event is ConsumerEvent => consumerKinds.includes(event.kind);
const plainKinds = ['simpleCommit', 'delete', 'raiseFence'];
const isPlainEvent = (event: GroupEvent): event is PlainEvent => plainKinds.includes(event.kind);

/** What a group of any type becomes. Without events: what is due by now. */
export function decideGroup(
  cell: GroupCell,
  events: readonly GroupEvent[],
  moment: ConsumerMoment,
): GroupDecision {
  if (events.length === 0) return decideDue(cell, moment);
  let after = cell;
  const answers: GroupAnswer[] = [];
  for (const run of runsOf(events)) {
    const decision = decideRun(after, run, moment);
    after = decision.cell;
    answers.push(...decision.answers);
  }
  return { cell: after, answers };
}

const decideDue = (cell: GroupCell, moment: ConsumerMoment): GroupDecision =>
  cell.type === 'classic' ? decideClassic(cell, [], moment) : decideConsumer(cell, [], moment);

/** Neighbours of one kind stay together: they are folded as one storm. */
function runsOf(events: readonly GroupEvent[]): GroupEvent[][] {
  const runs: GroupEvent[][] = [];
  const family = (event: GroupEvent): number => (isPlainEvent(event) ? 0 : isConsumerEvent(event) ? 1 : 2);
  for (const event of events) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && family(run[0]) === family(event)) run.push(event);
    else runs.push([event]);
  }
  return runs;
}

function decideRun(cell: GroupCell, run: readonly GroupEvent[], moment: ConsumerMoment): GroupDecision {
  const consumerEvents = run.filter(isConsumerEvent);
  if (consumerEvents.length > 0) return decideConsumerRun(cell, consumerEvents, moment);
  const plain = run.filter(isPlainEvent);
  if (plain.length > 0) return decidePlainRun(cell, plain, moment);
  return decideClassicRun(cell, run as readonly ClassicEvent[], moment);
}

function decideClassicRun(
  cell: GroupCell,
  events: readonly ClassicEvent[],
  moment: ConsumerMoment,
): GroupDecision {
  if (cell.type === 'consumer' && cell.members.length > 0) {
    const answers = events.map(({ kind }) =>
      refused(kind === 'join' ? 'INCONSISTENT_GROUP_PROTOCOL' : 'UNKNOWN_MEMBER_ID'),
    );
    return { cell, answers };
  }
  const classic = cell.type === 'classic' ? cell : asClassic(cell);
  const decision = decideClassic(classic, events, moment);
  return decision.cell === classic ? { ...decision, cell } : decision;
}

function decideConsumerRun(
  cell: GroupCell,
  events: readonly ConsumerEvent[],
  moment: ConsumerMoment,
): GroupDecision {
  if (cell.type === 'consumer') return decideConsumer(cell, events, moment);
  const joins = events.some((event) => event.kind === 'heartbeat' && event.memberEpoch === 0);
  if (cell.members.length > 0 || !joins) {
    return { cell, answers: events.map(() => refused('GROUP_ID_NOT_FOUND')) };
  }
  const consumer = asConsumer(cell);
  const decision = decideConsumer(consumer, events, moment);
  return decision.cell === consumer ? { ...decision, cell } : decision;
}

/** An empty group changes its type; its numbers go on. */
const asClassic = ({ version, generation, fence, emptySinceMs }: ConsumerCell): ClassicCell => ({
  ...absentCell,
  version,
  generation,
  fence,
  emptySinceMs,
  state: 'Empty',
  protocolType: 'consumer',
});

const asConsumer = ({ version, generation, fence, emptySinceMs }: ClassicCell): ConsumerCell => ({
  type: 'consumer',
  version,
  generation,
  fence,
  sweepAtMs: 0,
  emptySinceMs,
  assignmentEpoch: 0,
  assignedAtMs: 0,
  topicsHash: '',
  topicsCheckedAtMs: 0,
  members: [],
});

/** No group of the name, or one that was deleted: only its numbers live. */
export const isDead = (cell: GroupCell): boolean => cell.type === 'classic' && cell.state === 'Dead';

function decidePlainRun(
  cell: GroupCell,
  events: readonly PlainEvent[],
  { nowMs }: ConsumerMoment,
): GroupDecision {
  let after = cell;
  const answers = events.map((event): GroupAnswer => {
    if (event.kind === 'simpleCommit') {
      if (isDead(after)) after = { ...(after as ClassicCell), state: 'Empty', emptySinceMs: nowMs };
      return done;
    }
    if (event.kind === 'raiseFence') {
      if (!isDead(after) && after.fence === event.above) after = { ...after, fence: after.fence + 1n };
      return done;
    }
    if (isDead(after)) return refused('GROUP_ID_NOT_FOUND');
    if (after.members.length > 0) return refused('NON_EMPTY_GROUP');
    const { version, generation, fence } = after;
    after = { ...absentCell, version, generation: generation + 1, fence: fence + 1n, emptySinceMs: nowMs };
    return done;
  });
  return { cell: after, answers };
}

/** When this cell wants to be looked at next, whoever does it; infinity: never. */
export function nextDueMs(cell: GroupCell): number {
  const times = [cell.sweepAtMs];
  if (cell.type === 'consumer') times.push(...cell.members.map(({ revokeByMs }) => revokeByMs));
  else {
    times.push(cell.syncDeadlineMs);
    if (cell.state === 'PreparingRebalance') times.push(cell.deadlineMs);
  }
  return Math.min(...times.filter((timeMs) => timeMs > 0));
}
