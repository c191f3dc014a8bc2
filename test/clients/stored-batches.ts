import { decodeResponse, encodeRequest } from '../../shared/protocol/frame.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import { readBatchHeader, splitBatches } from '../../shared/records/record-batch.ts';
import { exchange } from './ask-broker.ts';

export type StoredBatch = ReturnType<typeof readBatchHeader>;

const version = 4;

/** Headers of the batches of one partition, from its beginning, as they come out of Fetches. */
export async function storedBatches(
  bootstrap: string,
  topic: string,
  partition: number,
): Promise<StoredBatch[]> {
  const found: StoredBatch[] = [];
  let offset = 0n;
  for (;;) {
    const batches = splitBatches(await fetchOnce(bootstrap, topic, partition, offset)).map((batch) =>
      readBatchHeader(batch),
    );
    const last = batches.at(-1);
    if (last === undefined) return found;
    found.push(...batches);
    offset = last.baseOffset + BigInt(last.lastOffsetDelta) + 1n;
  }
}

async function fetchOnce(bootstrap: string, topic: string, partition: number, fetchOffset: bigint) {
  const limits = { maxWaitMs: 0, minBytes: 0, maxBytes: 50_000_000 };
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: 50_000_000 }];
  const body = { ...limits, topics: [{ topic, partitions }] };
  const frame = encodeRequest(fetch, version, { correlationId: 1, clientId: 'test' }, body);
  const answer = decodeResponse(fetch, version, await exchange(bootstrap, Buffer.concat(frame)));
  const fetched = answer.body.responses[0]?.partitions[0];
  if (fetched === undefined || fetched.errorCode !== 0)
    throw new Error(`Fetch of ${topic}-${partition} ended with error ${fetched?.errorCode}`);
  return fetched.records ?? new Uint8Array();
}
