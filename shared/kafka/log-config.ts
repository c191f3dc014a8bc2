/** The topic configs that act on a partition's log, resolved to values. Units are in the names. */
export type LogConfig = {
  /** `max.message.bytes`: the largest record batch as stored. */
  readonly batchBytesMax: number;
  /** `message.timestamp.type`. */
  readonly timestampType: 'CreateTime' | 'LogAppendTime';
  /**
   * `message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`: how far a record's time may be from
   * now.
   */
  readonly timestampBeforeMaxMs: bigint;
  readonly timestampAfterMaxMs: bigint;
  /** `compression.type`. */
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  /** `retention.ms`, `retention.bytes`: -1 keeps for ever. */
  readonly retentionMs: bigint;
  readonly retentionBytes: bigint;
  /** `cleanup.policy`. */
  readonly cleanupPolicy: readonly ('delete' | 'compact')[];
  /** `segment.bytes`, `segment.ms`: when pages are rolled into a segment object. */
  readonly segmentBytes: number;
  readonly segmentMs: bigint;
};
