import type { PartitionId } from '../kafka/topic-partition.ts';
import { pageType } from '../storage/items/page.ts';

type StreamAttribute = { readonly S?: string; readonly N?: string };

/** A record of the table's stream, as far as `pump` looks at it. */
export type StreamRecord = {
  readonly eventName?: string;
  readonly dynamodb?: { readonly NewImage?: Readonly<Record<string, StreamAttribute>> };
};

/** What a new page tells: how many bytes of batches its partition had before it, and has with it. */
export type NewPage = {
  readonly partition: PartitionId;
  readonly bytesBefore: bigint;
  readonly bytesWith: bigint;
};

/** The pages among the records. Others are left out: the mapping's filter may know more than this version. */
export function newPagesOf(records: readonly StreamRecord[]): NewPage[] {
  return records.flatMap((record) => {
    const image = record.dynamodb?.NewImage;
    if (record.eventName !== 'INSERT' || image?.t?.S !== pageType) return [];
    const partition = partitionOf(image.pk?.S);
    const [before, bytes] = [image.bytesBefore?.N, image.bytes?.N];
    if (partition === undefined || before === undefined || bytes === undefined) return [];
    return [{ partition, bytesBefore: BigInt(before), bytesWith: BigInt(before) + BigInt(bytes) }];
  });
}

/** From `i#<topic id>#<partition>`: see `partitionItemsKey`. */
function partitionOf(pk: string | undefined): PartitionId | undefined {
  const [, topicId, partition] = /^i#([^#]+)#(\d+)$/.exec(pk ?? '') ?? [];
  return topicId === undefined ? undefined : { topicId, partition: Number(partition) };
}

/**
 * Whether a segment may be full with this page: the bytes of the partition went over a multiple of
 * `segmentBytes`. So a roll is started once for each segment's worth of data, by one page and not by all that
 * follow it, and nothing needs to be read to know it.
 */
export function isSegmentFull({ bytesBefore, bytesWith }: NewPage, segmentBytes: number): boolean {
  const size = BigInt(Math.max(1, segmentBytes));
  return bytesWith / size > bytesBefore / size;
}
