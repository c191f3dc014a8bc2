import type {
  CommitBody,
  ConsumerHeartbeatBody,
  FetchBody,
  ForgetBody,
  GroupBody,
  JoinBody,
  RestBody,
  SyncBody,
} from './group-bodies.ts';

/**
 * What clients asked and heard, in the order in which it happened. Checkers judge it without knowing how the
 * log works. `invokedAt` and `completedAt` are places in that order: an operation that completed before
 * another one was invoked surely came first.
 */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** `<topic id>/<partition>` */
export type PartitionName = string;

export type Producer = {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
};

/**
 * A record as it was sent, or as it was read. Every value is sent in one batch only (repeats of it aside).
 */
export type RecordSeen = { readonly key: string; readonly value: string };

export type BatchSeen = {
  readonly baseOffset: bigint;
  readonly records: readonly RecordSeen[];
  /** The time of each record, as it was served. */
  readonly timestampsMs?: readonly number[];
  /** A digest of the bytes as they were served. */
  readonly digest: string;
};

export type AppendBody = {
  readonly does: 'append';
  readonly partition: PartitionName;
  readonly records: readonly RecordSeen[];
  readonly timestampMs: number;
  readonly producer?: Producer;
  /** The answer. */
  baseOffset?: bigint;
  logStartOffset?: bigint;
};

export type ReadBody = {
  readonly does: 'read';
  readonly partition: PartitionName;
  readonly offset: bigint;
  /** A reader that goes on from where its last read ended. */
  readonly session?: string;
  /** One of the reads after everything has come to rest: from the log start to the high watermark. */
  readonly isFinal?: boolean;
  /** Nothing goes wrong any more, and no job runs: it must succeed. */
  readonly isAtRest?: boolean;
  /** The answer. */
  batches?: readonly BatchSeen[];
  nextOffset?: bigint;
  logStartOffset?: bigint;
  highWatermark?: bigint;
};

export type OffsetsBody = {
  readonly does: 'offsets';
  readonly partition: PartitionName;
  logStartOffset?: bigint;
  highWatermark?: bigint;
};

/** ListOffsets by time; the answer is the first record at or after `timestampMs`, undefined if none. */
export type TimestampBody = {
  readonly does: 'offsetForTimestamp';
  readonly partition: PartitionName;
  readonly timestampMs: number;
  readonly isFinal?: boolean;
  found?: { readonly offset: bigint; readonly timestampMs: number };
};

export type DeleteRecordsBody = {
  readonly does: 'deleteRecords';
  readonly partition: PartitionName;
  readonly offset: bigint;
  logStartOffset?: bigint;
};

type TopicBodyOf<Does> = {
  readonly does: Does;
  readonly topic: string;
  /** Of create and add: how many there shall be; of a description: how many there are. */
  partitions?: number;
  /** The answer; of a description undefined when there is no such topic. */
  topicId?: string;
};

export type TopicBody =
  | TopicBodyOf<'createTopic'>
  | TopicBodyOf<'deleteTopic'>
  | TopicBodyOf<'addPartitions'>
  | TopicBodyOf<'describeTopic'>;

export type Body =
  | AppendBody
  | ReadBody
  | OffsetsBody
  | TimestampBody
  | DeleteRecordsBody
  | TopicBody
  | GroupBody;

type BodyOf<Does extends Body['does']> = Extract<Body, { does: Does }>;

export type Operation<B extends Body = Body> = {
  readonly id: number;
  readonly process: string;
  readonly invokedAt: number;
  readonly invokedMs: number;
  /** Infinity while the outcome is unknown: it may take effect at any later time. */
  completedAt: number;
  completedMs: number;
  outcome: Outcome;
  /** Kafka's name of the error, of a failure. */
  error?: string;
  readonly body: B;
};

/** How long records must be kept; -1n for ever. */
export type Kept = { readonly retentionMs: bigint; readonly retentionBytes: bigint };

export class History {
  readonly operations: Operation[] = [];
  /** The retention of partitions, where records may be removed by it. */
  readonly kept = new Map<PartitionName, Kept>();
  private order = 0;

  /** A client begins an operation. Until it hears more, the outcome is unknown. */
  invoke<B extends Body>(process: string, body: B, nowMs = 0): Operation<BodyOf<B['does']>> {
    const operation: Operation<BodyOf<B['does']>> = {
      id: this.operations.length,
      process,
      invokedAt: this.order++,
      invokedMs: nowMs,
      completedAt: Number.POSITIVE_INFINITY,
      completedMs: Number.POSITIVE_INFINITY,
      outcome: 'unknown',
      body: body as unknown as BodyOf<B['does']>,
    };
    this.operations.push(operation);
    return operation;
  }

  ok<B extends Body>(operation: Operation<B>, answer: Partial<B>, nowMs = 0): void {
    Object.assign(operation.body, answer);
    this.complete(operation, 'ok', nowMs);
  }

  /** Refused: it has surely changed nothing. */
  fail(operation: Operation, error: string, nowMs = 0): void {
    operation.error = error;
    this.complete(operation, 'fail', nowMs);
  }

  /** The client heard that nobody knows; `error` says in which words. */
  unknown(operation: Operation, error: string): void {
    operation.error = error;
  }

  private complete(operation: Operation, outcome: Outcome, nowMs: number): void {
    operation.outcome = outcome;
    operation.completedAt = this.order++;
    operation.completedMs = nowMs;
  }
}

const isOf =
  <B extends Body>(...does: readonly B['does'][]) =>
  (operation: Operation): operation is Operation<B> =>
    (does as readonly string[]).includes(operation.body.does);

export const isAppend = isOf<AppendBody>('append');
export const isRead = isOf<ReadBody>('read');
export const isDeleteRecords = isOf<DeleteRecordsBody>('deleteRecords');
export const isTimestamp = isOf<TimestampBody>('offsetForTimestamp');
export const isTopic = isOf<TopicBody>('createTopic', 'deleteTopic', 'addPartitions', 'describeTopic');
export const isJoin = isOf<JoinBody>('join');
export const isSync = isOf<SyncBody>('sync');
export const isCommit = isOf<CommitBody>('commitOffset');
export const isFetch = isOf<FetchBody>('fetchOffset');
export const isConsumerHeartbeat = isOf<ConsumerHeartbeatBody>('consumerHeartbeat');
export const isForgetting = isOf<ForgetBody>('deleteOffsets', 'deleteGroup', 'expireOffsets');
export const isAtRest = isOf<RestBody>('groupAtRest');
