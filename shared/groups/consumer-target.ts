import { createHash } from 'node:crypto';
import type { ConsumerMember } from '../storage/items/consumer-members.ts';
import type { ConsumerCell } from '../storage/items/group-cell.ts';
import { assignors, defaultAssignor, type Subscriber } from './assignors.ts';
import type { ConsumerMoment, KnownTopic } from './consumer-events.ts';
import { groupLimits } from './group-settings.ts';
import { areEqual, noPartitions } from './topic-partitions.ts';

type World = Pick<ConsumerMoment, 'topics' | 'matches'>;

/** The names of all topics that a member wants, whether they exist or not. */
function wantedTopics(member: ConsumerMember, { matches }: World): ReadonlySet<string> {
  const matched = member.subscribedTopicRegex === null ? [] : matches.get(member.subscribedTopicRegex);
  return new Set([...member.subscribedTopicNames, ...(matched ?? [])]);
}

function existing(member: ConsumerMember, world: World): [string, KnownTopic][] {
  const found = [...wantedTopics(member, world)].map((name) => [name, world.topics.get(name)] as const);
  return found.flatMap(([name, topic]) => (topic === undefined ? [] : [[name, topic]]));
}

/** Of everything about topics that the target depends on. */
export function hashOfTopics(cell: ConsumerCell, world: World): string {
  const topics = new Map(cell.members.flatMap((member) => existing(member, world)));
  const regexes = new Set(cell.members.flatMap((member) => member.subscribedTopicRegex ?? []));
  const lines = [...topics].map(([name, { topicId, partitions }]) => `${name} ${topicId} ${partitions}`);
  const matched = [...regexes].map((regex) => JSON.stringify([regex, ...(world.matches.get(regex) ?? [])]));
  const hash = createHash('sha256').update([...lines.sort(), ...matched.sort()].join('\n'));
  return hash.digest('base64url').slice(0, 22);
}

/** The assignor that most members name; of equals the first by name. */
export function chooseAssignor(members: readonly ConsumerMember[]): string {
  const votes = new Map<string, number>();
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1);
  }
  const [most] = [...votes].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return most?.[0] ?? defaultAssignor;
}

/** Whether the target is older than the group epoch and may be computed now. */
export const isTargetDue = (cell: ConsumerCell, nowMs: number): boolean =>
  cell.assignmentEpoch < cell.generation &&
  (cell.assignmentEpoch === 0 || nowMs - cell.assignedAtMs >= groupLimits.assignmentIntervalMs);

/** Gives every member its target for the group epoch. */
export function withTargets(cell: ConsumerCell, moment: ConsumerMoment): ConsumerCell {
  const topics = cell.members.map((member) => new Map(existing(member, moment)));
  const counts = new Map(
    topics.flatMap((known) =>
      [...known.values()].map(({ topicId, partitions }) => [topicId, partitions] as const),
    ),
  );
  const subscribers = cell.members.map(
    ({ memberId, groupInstanceId, target }, place): Subscriber => ({
      memberId,
      groupInstanceId,
      topicIds: new Set([...(topics[place]?.values() ?? [])].map(({ topicId }) => topicId)),
      target,
    }),
  );
  const assign = assignors[chooseAssignor(cell.members)] ?? assignors[defaultAssignor];
  const targets = assign?.(subscribers, new Map([...counts].sort(([a], [b]) => (a < b ? -1 : 1))));
  const members = cell.members.map((member) => {
    const target = targets?.get(member.memberId) ?? noPartitions;
    return areEqual(target, member.target) ? member : { ...member, target };
  });
  return { ...cell, members, assignmentEpoch: cell.generation, assignedAtMs: moment.nowMs };
}
