import type { ResponseOf } from '../../shared/protocol/messages/index.ts';

/** What Produce answers for one partition. */
export type PartitionOutcome = ResponseOf<'Produce'>['responses'][number]['partitionResponses'][number];

/** `close`: nobody can tell the client what became of the batch; its connection ends. */
export type Outcome = PartitionOutcome | { readonly close: string };

export const failedPartition = (errorCode: number, errorMessage: string): PartitionOutcome => ({
  ...{ index: 0, errorCode, errorMessage, baseOffset: -1n, recordErrors: [] },
});
