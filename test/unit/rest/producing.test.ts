import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import { partitionForKey } from '../../../shared/kafka/murmur2.ts';
import type { AppendRequest } from '../../../shared/log/api.ts';
import { readBatchHeader } from '../../../shared/records/record-batch.ts';
import type { RestSettings } from '../../../shared/rest/deps.ts';
import { Partitioner } from '../../../shared/rest/partitioner.ts';
import { v2Json } from '../../support/rest-client.ts';
import { openRestDoor } from '../../support/rest-door.ts';

/** What reaches the log of one request. */
async function appendsOf(
  records: unknown[],
  configs: Record<string, string> = {},
  settings: Partial<RestSettings> = {},
): Promise<AppendRequest[]> {
  const appends: AppendRequest[] = [];
  const door = await openRestDoor({
    settings,
    replace: (deps) => ({
      logs: Object.assign(Object.create(deps.logs), {
        append: (requests: readonly AppendRequest[]) => {
          appends.push(...requests);
          return deps.logs.append(requests);
        },
      }),
    }),
  });
  await door.deps.topics.create({ name: 'orders', partitions: 4, configs });
  const body = JSON.stringify({ records });
  const response = await door.request('/topics/orders', {
    method: 'POST',
    headers: { 'content-type': v2Json },
    body,
  });
  expect(response.status).toBe(200);
  return appends;
}

const compressionOf = (append: AppendRequest | undefined): string =>
  readBatchHeader(append?.batch ?? new Uint8Array()).compression;
const chance = seededRandom(11);
const noise = (bytes: number): string => Buffer.from(chance.bytes(bytes)).toString('base64');

describe('batches', () => {
  test('the records of one request are one batch for each partition', async () => {
    const records = Array.from({ length: 40 }, (_, index) => ({ partition: index % 3, value: index }));
    const appends = await appendsOf(records);
    expect(appends.map(({ partition }) => partition.partition).sort()).toEqual([0, 1, 2]);
    expect(appends.map(({ batch }) => readBatchHeader(batch).recordCount).sort()).toEqual([13, 13, 14]);
  });

  test('no batch is larger than max.message.bytes', async () => {
    const records = Array.from({ length: 200 }, () => ({ partition: 0, value: 'x'.repeat(100) }));
    const appends = await appendsOf(records, { 'max.message.bytes': '3000' });
    expect(appends.length).toBeGreaterThan(5);
    for (const { batch } of appends) expect(batch.length).toBeLessThanOrEqual(3000);
  });

  test('a batch is compressed when it is large and that saves a quarter', async () => {
    expect(compressionOf((await appendsOf([{ value: 'x'.repeat(10_000) }]))[0])).toBe('gzip');
    expect(compressionOf((await appendsOf([{ value: 'x'.repeat(1000) }]))[0])).toBe('none');
    expect(compressionOf((await appendsOf([{ value: noise(10_000) }]))[0])).toBe('none');
    const settings = { compression: { type: 'zstd', aboveBytes: 500 } } as const;
    expect(compressionOf((await appendsOf([{ value: 'x'.repeat(1000) }], {}, settings))[0])).toBe('zstd');
  });

  test('the topic decides when it names a compression', async () => {
    expect(compressionOf((await appendsOf([{ value: 1 }], { 'compression.type': 'lz4' }))[0])).toBe('lz4');
    const plain = await appendsOf([{ value: 'x'.repeat(10_000) }], { 'compression.type': 'uncompressed' });
    expect(compressionOf(plain[0])).toBe('none');
  });
});

describe('the partitioner', () => {
  test('takes murmur2 for a key, the empty key too', () => {
    const partitioner = new Partitioner(seededRandom(1));
    for (const key of ['', 'a', 'orders']) {
      const encoded = new TextEncoder().encode(key);
      expect(partitioner.partitionFor(encoded, 9)).toBe(partitionForKey(encoded, 9));
    }
  });

  test('stays on the partition that it drew, and draws each with the same chance', () => {
    const drawn = new Set<number>();
    const random = seededRandom(5);
    for (let round = 0; round < 200; round++) {
      const partitioner = new Partitioner(random);
      const first = partitioner.partitionFor(null, 6);
      expect(partitioner.partitionFor(null, 6)).toBe(first);
      drawn.add(first);
    }
    expect(drawn.size).toBe(6);
  });

  test('draws again when the topic has come to have fewer partitions', () => {
    const partitioner = new Partitioner(seededRandom(2));
    partitioner.partitionFor(null, 1000);
    expect(partitioner.partitionFor(null, 1)).toBe(0);
  });
});
