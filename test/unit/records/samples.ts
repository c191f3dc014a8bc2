import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { LogConfig } from '../../../shared/kafka/log-config.ts';
import type { CompressionType } from '../../../shared/records/compression.ts';
import type { ProducedRecord } from '../../../shared/records/record.ts';

/** What other implementations wrote; see golden.json. `content` names one of `contents`. */
type Golden = {
  streams: { by: string; compression: CompressionType; content: keyof typeof contents; base64: string }[];
  /** A frame of linked blocks, which Kafka's reader refuses. */
  linkedLz4: string;
  /** By Apache Kafka 4.1.1: `batches` of the records below, and the markers. */
  batches: Record<CompressionType | 'commit' | 'abort', string>;
};
export const golden: Golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8'));

const orders = Array.from({ length: 200 }, (_, i) => `order ${i % 7} of customer ${(i * i) % 11};`).join('');
export const contents = {
  orders: Buffer.from(orders).subarray(0, 3000),
  zeros: Buffer.alloc(150_000),
  fewerZeros: Buffer.alloc(40_000),
};

export const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
export const compressed = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** The records of the golden batches, their producer id 1234567, epoch 2, base sequence 17. */
export const goldenRecords: ProducedRecord[] = [
  {
    timestamp: 1_700_000_000_000n,
    key: bytesOf(btoa('key-0')),
    value: bytesOf(btoa('value value value value value value 0')),
    headers: [
      { key: 'h', value: bytesOf(btoa('x')) },
      { key: 'n', value: null },
    ],
  },
  {
    timestamp: 1_700_000_001_000n,
    key: null,
    value: bytesOf(btoa('value value value value value value 1')),
    headers: [],
  },
  { timestamp: 1_700_000_002_000n, key: bytesOf(btoa('key-2')), value: null, headers: [] },
];

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 300 }));

export const anyRecord: fc.Arbitrary<ProducedRecord> = fc.record({
  timestamp: fc.oneof(
    fc.bigInt(1_600_000_000_000n, 1_800_000_000_000n),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  ),
  key: nullableBytes,
  value: nullableBytes,
  headers: fc.array(fc.record({ key: fc.string({ unit: 'grapheme' }), value: nullableBytes }), {
    maxLength: 3,
  }),
});

/** Bytes as different as data can be: random, repetitive, long. */
export const anyContent: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(5000)).map(([unit, times]) => {
    const repeated = new Uint8Array(Math.min(unit.length * times, 200_000));
    for (let i = 0; i < repeated.length; i++) repeated[i] = unit[i % unit.length] as number;
    return repeated;
  }),
);

/** A topic's defaults in Apache Kafka 4.1. */
export const defaultConfig: LogConfig = {
  batchBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2n ** 63n - 1n,
  timestampAfterMaxMs: 3_600_000n,
  compressionType: 'producer',
  retentionMs: 604_800_000n,
  retentionBytes: -1n,
  cleanupPolicy: ['delete'],
  segmentBytes: 1_073_741_824,
  segmentMs: 604_800_000n,
};

/** Random bytes that are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
