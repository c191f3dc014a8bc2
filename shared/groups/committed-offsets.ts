import type { KafkaErrorName } from '../kafka/error-codes.ts';
import type { TopicPartition } from '../kafka/topic-partition.ts';
import { commit } from './commit-offsets.ts';
import { deleteOffsets } from './delete-offsets.ts';
import { fetchOffsets } from './fetch-offsets.ts';
import { groupLag } from './group-lag.ts';
import { answering, type GroupRoom } from './group-room.ts';
import type {
  LagRequest,
  OffsetCommitRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  PartitionError,
  PartitionLag,
} from './offsets-api.ts';

/**
 * What the doors ask about committed offsets. Every call answers an error by name; what it throws is a bug.
 * Commits of one member are written in the order in which they were given: one after another.
 */
export class CommittedOffsets {
  private readonly room: GroupRoom;
  private readonly lanes = new Map<string, Promise<unknown>>();

  constructor(room: GroupRoom) {
    this.room = room;
  }

  /** Each partition is answered for itself, in the order given. */
  async commit(request: OffsetCommitRequest): Promise<PartitionError[]> {
    const refuse = (error: KafkaErrorName): PartitionError[] =>
      request.offsets.map(({ topic, partition }) => ({ topic, partition, error }));
    const committed = await this.inTurn(`${request.groupId}\0${request.memberId}`, () =>
      answering(this.room, 'NOT_COORDINATOR', refuse, () => commit(this.room, request)),
    );
    this.room.holds.heard(
      request.groupId,
      committed.map(({ error }) => error),
    );
    return committed;
  }

  /** Of named partitions the caller goes on from the answer; of all of them it only looks. */
  fetch(request: OffsetFetchRequest): Promise<OffsetFetchResponse> {
    const refuse = (error: KafkaErrorName): OffsetFetchResponse => ({
      error,
      offsets: (request.partitions ?? []).map(({ topic, partition }) => ({
        topic,
        partition,
        error,
        offset: -1n,
        leaderEpoch: -1,
        metadata: '',
      })),
    });
    return answering<OffsetFetchResponse>(this.room, 'NOT_COORDINATOR', refuse, async () => ({
      error: 'NONE',
      offsets: await fetchOffsets(this.room, request),
    }));
  }

  delete(groupId: string, partitions: readonly TopicPartition[]): Promise<OffsetDeleteResponse> {
    const refuse = (error: KafkaErrorName): OffsetDeleteResponse => ({ error, partitions: [] });
    return answering(this.room, 'NOT_COORDINATOR', refuse, () =>
      deleteOffsets(this.room, groupId, partitions),
    );
  }

  lag(request: LagRequest): Promise<{ error: KafkaErrorName; lags: readonly PartitionLag[] }> {
    type Lags = { error: KafkaErrorName; lags: readonly PartitionLag[] };
    return answering<Lags>(
      this.room,
      'NOT_COORDINATOR',
      (error) => ({ error, lags: [] }),
      async () => ({ error: 'NONE', lags: await groupLag(this.room, request) }),
    );
  }

  /** Behind what came before in the same lane, whatever became of it. */
  private async inTurn<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const before = this.lanes.get(lane) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.lanes.set(lane, mine);
    try {
      return await mine;
    } finally {
      if (this.lanes.get(lane) === mine) this.lanes.delete(lane);
    }
  }
}
