import { expect } from 'vitest';
import { planned, valuesOf } from './records.ts';
import type { Stand } from './stand.ts';
import { storedBatches } from './stored-batches.ts';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const keyAndValue = ({ key, value }: { key: string | null; value: string | null }) => ({ key, value });

/** What a client writes is what it reads. */
export function describeProducing(stand: Stand): void {
  describeCodecs(stand);
  describeRecords(stand);
  describeProducers(stand);
}

function describeCodecs({ results, stage }: Stand): void {
  for (const codec of codecs)
    results.test(codec, `${codec}: batches are stored as they were sent, and read back`, async () => {
      const topic = await stage().topic(1);
      const plan = { prefix: codec, count: 50, keys: 3 };
      await stage().produce(topic, plan, { codec });
      const batches = await storedBatches(stage().broker.bootstrap, topic, 0);
      expect([...new Set(batches.map(({ compression }) => compression))]).toEqual([codec]);
      const seen = await stage().consume(topic, 50);
      expect(seen.map(keyAndValue)).toEqual(planned(plan).map(keyAndValue));
    });
}

function describeRecords({ results, stage }: Stand): void {
  results.test('keys', 'a key stays in one partition, its records in order', async () => {
    const topic = await stage().topic(3);
    const plan = { prefix: 'keyed', count: 300, keys: 10 };
    await stage().produce(topic, plan);
    const seen = await stage().consume(topic, 300);
    for (const key of new Set(planned(plan).map((record) => record.key))) {
      const ofKey = seen.filter((record) => record.key === key);
      expect(new Set(ofKey.map(({ partition }) => partition)).size).toBe(1);
      const expected = planned(plan).filter((record) => record.key === key);
      expect(ofKey.map(({ value }) => value)).toEqual(expected.map(({ value }) => value));
    }
    expect(new Set(seen.map(({ partition }) => partition)).size).toBe(3);
  });

  results.test('headers', 'headers come back, also two of one name', async () => {
    const topic = await stage().topic(1);
    await stage().produce(topic, { prefix: 'headed', count: 1 });
    const [seen] = await stage().consume(topic, 1);
    expect(seen?.headers).toEqual(planned({ prefix: 'headed', count: 1 })[0]?.headers);
  });

  results.test('null', 'no key, no value and an empty value are three things', async () => {
    const topic = await stage().topic(1);
    await stage().produce(topic, { prefix: 'odd', count: 3 }, { shape: 'odd', partition: 0 });
    const seen = await stage().consume(topic, 3);
    expect(seen.map(({ key, value }) => [key, value])).toEqual([
      [null, 'v'],
      ['k', null],
      ['k', ''],
    ]);
  });
}

function describeProducers({ results, stage }: Stand): void {
  for (const acks of ['0', '1', 'all'])
    results.test('acks', `acks=${acks}: everything arrives`, async () => {
      const topic = await stage().topic(1);
      const plan = { prefix: `acks${acks}`, count: 30 };
      await stage().produce(topic, plan, { acks });
      expect(valuesOf(await stage().consume(topic, 30))).toEqual(valuesOf(planned(plan)));
    });

  results.test('idempotent', 'an idempotent producer has an id, and numbers its batches', async () => {
    const topic = await stage().topic(1);
    await stage().produce(topic, { prefix: 'once', count: 250 }, { idempotent: true });
    const batches = await storedBatches(stage().broker.bootstrap, topic, 0);
    expect(new Set(batches.map(({ producerId }) => producerId)).size).toBe(1);
    let next = 0;
    for (const { producerId, baseSequence, recordCount } of batches) {
      expect(producerId).toBeGreaterThanOrEqual(0n);
      expect(baseSequence).toBe(next);
      next += recordCount;
    }
    expect(next).toBe(250);
  });
}
