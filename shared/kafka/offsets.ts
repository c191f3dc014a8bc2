/** Position of a record in a partition. */
export type Offset = bigint;

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

/** What a partition's head says about offsets, as of one read of it. */
export type PartitionOffsets = {
  readonly logStartOffset: Offset;
  /** The offset of the next record that can be read by everybody; here always the log end offset. */
  readonly highWatermark: Offset;
  readonly lastStableOffset: Offset;
};
