import { KafkaError, type KafkaErrorName } from '../../kafka/error-codes.ts';
import type { TopicPartition } from '../../kafka/topic-partition.ts';
import type { ConsumerInstance, HeldPartition } from '../../storage/items/consumer-instance.ts';
import type { RestDeps } from '../deps.ts';
import { partitionNotFound, RestError, topicNotFound } from '../errors.ts';

export type OffsetOf = TopicPartition & {
  /** The next offset to read. */
  readonly offset: bigint;
  readonly metadata?: string | null | undefined;
};

/** Where a partition was given out to, as far as that is known. */
const read = ({ position }: HeldPartition): boolean => position >= 0n;

const positionsOf = (partitions: readonly HeldPartition[]): OffsetOf[] =>
  partitions.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));

/** Up to where everything that was given out ends. */
export const readSoFar = ({ partitions }: ConsumerInstance): OffsetOf[] =>
  positionsOf(partitions.filter(read));

const nextFailure = (name: KafkaErrorName): RestError =>
  new RestError(
    409,
    40903,
    `Illegal state: the group has given the partitions to others (${name}); a fetch joins again.`,
  );

const illegal: ReadonlySet<KafkaErrorName> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
]);

/** Answers the error of each partition, in order. As the member that the instance is, or as none. */
async function errorsOf(
  { groups }: RestDeps,
  { groupId, membership }: ConsumerInstance,
  offsets: readonly OffsetOf[],
): Promise<readonly KafkaErrorName[]> {
  const isMember = membership.generation >= 0;
  const answers = await groups.offsets.commit({
    groupId,
    generationId: membership.generation,
    memberId: isMember ? membership.memberId : '',
    groupInstanceId: null,
    knowsMemberEpochs: false,
    offsets: offsets.map(({ topic, partition, offset, metadata }) => ({
      ...{ topic, partition, offset, leaderEpoch: -1 },
      metadata: metadata ?? null,
    })),
  });
  return answers.map(({ error }) => error);
}

/** Commits what the caller names. Throws for the first partition that is refused. */
export async function commitOffsets(
  deps: RestDeps,
  instance: ConsumerInstance,
  offsets: readonly OffsetOf[],
): Promise<void> {
  if (offsets.length === 0) return;
  const errors = await errorsOf(deps, instance, offsets);
  for (const [place, { topic, partition }] of offsets.entries()) {
    const error = errors[place] ?? 'NONE';
    if (error === 'NONE') continue;
    if (illegal.has(error)) throw nextFailure(error);
    if (error !== 'UNKNOWN_TOPIC_OR_PARTITION') throw new KafkaError(error);
    if ((await deps.topics.find(topic)) === undefined) throw topicNotFound('v2', topic);
    throw partitionNotFound(`Partition not found: topic ${topic} has no partition ${partition}.`);
  }
}

/**
 * The automatic commit, which comes before anything that may take partitions away: of what earlier calls gave
 * out, never more. What the group refuses belongs to others by now, who begin at the last commit. Answers the
 * partitions with what is committed of them.
 */
export async function autoCommit(
  deps: RestDeps,
  instance: ConsumerInstance,
): Promise<readonly HeldPartition[]> {
  const { settings, partitions } = instance;
  const due = settings.autoCommit ? partitions.filter((one) => read(one) && isNews(one)) : [];
  if (due.length === 0) return partitions;
  const errors = await errorsOf(deps, instance, positionsOf(due));
  if (errors.includes('NOT_COORDINATOR')) throw new KafkaError('NOT_COORDINATOR');
  const done = new Set(due.filter((_, place) => errors[place] === 'NONE'));
  return partitions.map((one) => (done.has(one) ? { ...one, committed: one.position } : one));
}

const isNews = ({ position, committed }: HeldPartition): boolean => position !== committed;
