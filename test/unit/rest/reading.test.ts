import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { ReadRequest, ReadResult, WaitOptions } from '../../../shared/log/api.ts';
import { encodeRecordBatch } from '../../../shared/records/record-batch.ts';
import { v2Json } from '../../support/rest-client.ts';
import { openRestDoor, type RestDoor } from '../../support/rest-door.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

type Call = { request: ReadRequest; options: WaitOptions };

/** A door on a log that answers one read after the other. */
async function doorReading(
  results: (door: RestDoor) => Partial<ReadResult>[],
): Promise<{ door: RestDoor; calls: Call[] }> {
  const calls: Call[] = [];
  const plain = await openRestDoor();
  const left = results(plain);
  const door = await openRestDoor({
    settings: { pollAfterMs: 500, waitMsMax: 700, answerBytesMax: 2000 },
    replace: (deps) => ({
      logs: {
        append: (requests) => deps.logs.append(requests),
        read: (request) => deps.logs.read(request),
        offsets: async () => ({ logStartOffset: 0n, highWatermark: 100n, lastStableOffset: 100n }),
        offsetForTimestamp: (partition, timestamp) => deps.logs.offsetForTimestamp(partition, timestamp),
        offsetOfMaxTimestamp: (partition) => deps.logs.offsetOfMaxTimestamp(partition),
        deleteRecordsBefore: (partition, offset) => deps.logs.deleteRecordsBefore(partition, offset),
        readWaiting: async ([request], options) => {
          calls.push({ request: request as ReadRequest, options });
          const empty: ReadResult = {
            ...{ logStartOffset: 0n, highWatermark: 100n, lastStableOffset: 100n },
            ...{ batches: [], nextOffset: request?.offset ?? 0n, abortedTransactions: [] },
          };
          return [{ ...empty, ...left.shift() }];
        },
      },
    }),
  });
  await door.deps.topics.create({ name: 'orders', partitions: 1 });
  return { door, calls };
}

const batch = (
  door: RestDoor,
  baseOffset: bigint,
  values: readonly string[],
  isControl = false,
): Uint8Array =>
  encodeRecordBatch(
    {
      records: values.map((value) => ({ timestamp: 1n, key: null, value: bytes(value), headers: [] })),
      ...{ baseOffset, isControl, compression: 'none' },
    },
    door.deps.codecs,
  );

const read = (door: RestDoor, query: string): Promise<Response> =>
  door.request(`/topics/orders/partitions/0/records?${query}`, { headers: { accept: v2Json } });

const valuesOf = async (response: Response): Promise<unknown[]> =>
  ((await response.json()) as { value: unknown }[]).map(({ value }) => value);

describe('the read without state', () => {
  test('skips what lies below the wanted offset, and control batches', async () => {
    const { door } = await doorReading((made) => [
      {
        batches: [batch(made, 3n, ['3', '4']), batch(made, 5n, ['99'], true), batch(made, 6n, ['6'])],
        nextOffset: 7n,
      },
    ]);
    expect(await valuesOf(await read(door, 'offset=4'))).toEqual([4, 6]);
  });

  test('goes on behind batches that answer nothing', async () => {
    const { door, calls } = await doorReading((made) => [
      { batches: [batch(made, 0n, ['9'], true)], nextOffset: 1n },
      { batches: [batch(made, 1n, ['9'], true)], nextOffset: 2n },
      { batches: [batch(made, 2n, ['2'])], nextOffset: 3n },
    ]);
    expect(await valuesOf(await read(door, 'offset=0&timeout=0'))).toEqual([2]);
    expect(calls.map(({ request }) => request.offset)).toEqual([0n, 1n, 2n]);
  });

  test('waits no longer than the door allows, and hints when to come again', async () => {
    const { door, calls } = await doorReading(() => []);
    const response = await read(door, 'offset=100&timeout=60000');
    expect(await response.json()).toEqual([]);
    expect(response.headers.get('millrace-poll-after')).toBe('500');
    expect(calls[0]?.options.maxWaitMs).toBe(700);
  });

  test('gives no hint with records', async () => {
    const { door } = await doorReading((made) => [{ batches: [batch(made, 0n, ['1'])], nextOffset: 1n }]);
    expect((await read(door, 'offset=0')).headers.get('millrace-poll-after')).toBeNull();
  });

  test('an answer ends before it is too large; a record that alone is too large says so', async () => {
    const large = `"${'x'.repeat(1100)}"`;
    const { door } = await doorReading((made) => [
      { batches: [batch(made, 0n, [large, large, large])], nextOffset: 3n },
      { batches: [batch(made, 0n, [`"${'x'.repeat(2500)}"`])], nextOffset: 1n },
    ]);
    const response = await read(door, 'offset=0');
    const text = await response.clone().text();
    expect(text.length).toBeLessThanOrEqual(2000);
    expect(await valuesOf(response)).toHaveLength(1);
    expect((await read(door, 'offset=0')).status).toBe(413);
  });

  test('a wait ends with the caller', async () => {
    const clock = new ManualClock();
    const door = await openRestDoor({ clock });
    await door.deps.topics.create({ name: 'orders', partitions: 1 });
    const gone = new AbortController();
    const reading = door.request('/topics/orders/partitions/0/records?offset=0&timeout=20000', {
      signal: gone.signal,
    });
    gone.abort();
    // Time stands still: only the end of the caller can end the wait.
    expect((await reading).status).toBe(200);
  });
});
