import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { CommittedOffset } from '../storage/items/offset-block.ts';
import { checkCommit } from './commit-check.ts';
import { bestEffort, type GroupTopic, patienceOf, pauseMs } from './group-context.ts';
import { checkGroupId } from './group-names.ts';
import type { GroupRoom } from './group-room.ts';
import { byBlock, commitOffsets, type NamedBlock } from './offset-updates.ts';
import type { OffsetCommitRequest, OffsetToCommit, PartitionError } from './offsets-api.ts';
import { readCell } from './stored-cell.ts';

/** One offset on its way into its block. */
type Pending = { readonly place: number; readonly topic: GroupTopic; readonly wanted: OffsetToCommit };

/**
 * Commits offsets, each answered for itself. The cell says whether the member may, and with which fence; the
 * cell itself is not written. Throws KafkaError and StoreError.
 */
export async function commit(room: GroupRoom, request: OffsetCommitRequest): Promise<PartitionError[]> {
  checkGroupId(request.groupId, { mayBeEmpty: true });
  const errors: KafkaErrorName[] = request.offsets.map(() => 'NONE');
  let pending = await known(room, request, errors);
  const check = patienceOf(room.context);
  for (let tries = 0; pending.length > 0; tries++) {
    if (tries > 1) await room.context.clock.sleep(pauseMs(room.context, tries));
    check(undefined);
    pending = await commitOnce(room, request, pending, errors);
  }
  return request.offsets.map(({ topic, partition }, place) => ({
    topic,
    partition,
    error: errors[place] ?? 'NONE',
  }));
}

/** Those of partitions that exist, with metadata that fits; the others get their error. */
async function known(
  { context }: GroupRoom,
  { offsets }: OffsetCommitRequest,
  errors: KafkaErrorName[],
): Promise<Pending[]> {
  const names = new Set(offsets.map(({ topic }) => topic));
  const found = await Promise.all([...names].map((name) => context.topics.find(name)));
  const topics = new Map(found.flatMap((topic) => (topic === undefined ? [] : [[topic.name, topic]])));
  const pending: Pending[] = [];
  for (const [place, wanted] of offsets.entries()) {
    const topic = topics.get(wanted.topic);
    const { partition, metadata } = wanted;
    if (topic === undefined || !(partition >= 0 && partition < topic.partitions)) {
      errors[place] = 'UNKNOWN_TOPIC_OR_PARTITION';
    } else if ((metadata ?? '').length > context.settings.offsetMetadataLengthMax) {
      errors[place] = 'OFFSET_METADATA_TOO_LARGE';
    } else pending.push({ place, topic, wanted });
  }
  return pending;
}

/** One check and the writes that follow from it. Answers what was refused for a newer fence. */
async function commitOnce(
  room: GroupRoom,
  request: OffsetCommitRequest,
  pending: readonly Pending[],
  errors: KafkaErrorName[],
): Promise<Pending[]> {
  const { groupId } = request;
  const { consumerSessionTimeoutMs } = room.context.settings;
  const verdict = checkCommit(await readCell(room.context, groupId), request, consumerSessionTimeoutMs);
  if (verdict.is === 'makesGroup') {
    await room.cells.fold(groupId, [{ kind: 'simpleCommit' }]);
    return [...pending];
  }
  if (verdict.is === 'refused') {
    for (const { place } of pending) errors[place] = verdict.error;
    return [];
  }
  const rightful = pending.filter(({ place, topic, wanted }) => {
    errors[place] = verdict.errorOf(topic.topicId, wanted.partition);
    return errors[place] === 'NONE';
  });
  const { renews } = verdict;
  const renewed =
    renews === null
      ? Promise.resolve()
      : bestEffort(room.context, 'renewing a lease', room.leases.renewIfDue({ groupId, ...renews }));
  const written = await Promise.all(
    blocksOf(groupId, rightful).map(async ({ block, members }) => {
      const offsets = offsetsOf(members, room.context.clock.nowMs());
      return { members, outcome: await commitOffsets(room.context, block, offsets, verdict.fence) };
    }),
  );
  await renewed;
  // A write whose answer was lost may still be on its way: with the old fence it comes too late.
  if (written.some(({ outcome }) => outcome === 'unknown')) {
    await room.cells.fold(groupId, [{ kind: 'raiseFence', above: verdict.fence }]);
  }
  return written.flatMap(({ members, outcome }) => (outcome === 'written' ? [] : members));
}

function blocksOf(groupId: string, pending: readonly Pending[]): { block: NamedBlock; members: Pending[] }[] {
  const byTopic = new Map<string, Pending[]>();
  for (const one of pending) {
    const found = byTopic.get(one.topic.topicId);
    if (found === undefined) byTopic.set(one.topic.topicId, [one]);
    else found.push(one);
  }
  return [...byTopic.values()].flatMap((ofTopic) =>
    [...byBlock(ofTopic, ({ wanted }) => wanted.partition)].map(([block, members]) => {
      const { topicId = '', name = '' } = members[0]?.topic ?? {};
      return { block: { groupId, topicId, topic: name, block }, members };
    }),
  );
}

/** Of a partition that is named twice the last one stays, as in Kafka. */
const offsetsOf = (members: readonly Pending[], committedAtMs: number): Map<number, CommittedOffset> =>
  new Map(
    members.map(({ wanted: { partition, offset, leaderEpoch, metadata } }) => [
      partition,
      { offset, leaderEpoch, committedAtMs, metadata: metadata ?? '' },
    ]),
  );
