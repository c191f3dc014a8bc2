import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../../shared/base/bytes.ts';
import { isKafkaError } from '../../../shared/kafka/error-codes.ts';
import { openPortableCodecs } from '../../../shared/records/codecs-portable.ts';
import { CompressionError, type CompressionType } from '../../../shared/records/compression.ts';
import {
  assembleBatch,
  at,
  decodeRecords,
  encodeRecordBatch,
  stampCrc,
} from '../../../shared/records/record-batch.ts';
import { validateBatch } from '../../../shared/records/validate-batch.ts';
import { compressed, contents, defaultConfig, goldenRecords } from './samples.ts';

const codecs = await openPortableCodecs();
const mebibyte = 1024 * 1024;

/** The same bytes over and over. */
const repeat = (bytes: Uint8Array, times: number): Buffer => Buffer.concat(Array(times).fill(bytes));

/** A zstd frame of blocks that each repeat one byte 128 KiB times: four bytes make 131,072. */
function zstdRuns(blocks: number): Uint8Array {
  const writer = new ByteWriter().raw(new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0, 0x60])); // window 4 MiB
  for (let i = 0; i < blocks; i++) {
    const header = ((128 * 1024) << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0);
    writer.raw(new Uint8Array([header & 0xff, (header >>> 8) & 0xff, header >>> 16, 7]));
  }
  return writer.finish();
}

/** An lz4 frame of 4 MiB blocks of zeros, from the blocks the native module makes of them. */
function lz4Zeros(blocks: number): Uint8Array {
  const frame = compressFrameSync(Buffer.alloc(4 * mebibyte));
  expect(frame[5]).toBe(0x70); // blocks of 4 MiB
  const block = frame.subarray(7, frame.length - 4);
  return Buffer.concat([frame.subarray(0, 7), repeat(block, blocks), Buffer.alloc(4)]);
}

function xerialZeros(blocks: number): Uint8Array {
  const block = compressSync(Buffer.alloc(mebibyte));
  const length = Buffer.alloc(4);
  length.writeInt32BE(block.length);
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  return Buffer.concat([header, repeat(Buffer.concat([length, block]), blocks)]);
}

const bombs: [string, CompressionType, Uint8Array][] = [
  ['zstd runs, 1 GiB in 32 KiB', 'zstd', zstdRuns(8192)],
  ['gzip members, 1 GiB in 1 MiB', 'gzip', repeat(gzipSync(Buffer.alloc(16 * mebibyte)), 64)],
  ['lz4 blocks, 1 GiB in 4 MiB', 'lz4', lz4Zeros(256)],
  ['snappy blocks, 256 MiB in 12 MiB', 'snappy', xerialZeros(256)],
];

const kindOf = (act: () => unknown): string => {
  try {
    act();
    return 'fits';
  } catch (error) {
    if (error instanceof CompressionError) return error.kind;
    if (isKafkaError(error)) return error.errorName;
    throw error;
  }
};

/** By how much the act raises the most memory this process ever held, in bytes. */
function peakGrowth(act: () => void): number {
  const before = process.resourceUsage().maxRSS;
  act();
  return (process.resourceUsage().maxRSS - before) * 1024;
}

describe('bombs', () => {
  test.each(bombs)('%s: are refused at the bound, in about its memory', (_, type, bytes) => {
    kindOf(() => codecs.decompress(type, bytes, mebibyte)); // what is allocated once only
    const growth = peakGrowth(() => {
      expect(kindOf(() => codecs.decompress(type, bytes, 4 * mebibyte))).toBe('tooLarge');
    });
    expect(growth).toBeLessThan(32 * mebibyte);
  });

  test.each(bombs)('%s: a batch of it is INVALID_RECORD', (_, type, bytes) => {
    const header = encodeRecordBatch({ records: goldenRecords, compression: type }, codecs);
    const batch = assembleBatch(header, bytes, codecs);
    const rules = {
      config: { ...defaultConfig, batchBytesMax: batch.length },
      nowMs: 1_700_000_000_000,
      limits: { decompressedBytesMax: mebibyte },
    };
    expect(kindOf(() => validateBatch(batch, codecs, rules))).toBe('INVALID_RECORD');
    expect(kindOf(() => decodeRecords(batch, codecs, rules.limits))).toBe('INVALID_RECORD');
  });
});

describe('sizes that lie', () => {
  const lies: [string, CompressionType, number[]][] = [
    [
      'zstd: 2^60 bytes announced',
      'zstd',
      [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, 0, 0],
    ],
    ['zstd: 2^32 bytes announced', 'zstd', [0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0]],
    ['zstd: a window of 2 TiB', 'zstd', [0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 1, 0, 0]],
    ['zstd: a block beyond the end', 'zstd', [0x28, 0xb5, 0x2f, 0xfd, 0, 0x60, 0xf5, 0xff, 0x03, 1]],
    ['zstd: a dictionary', 'zstd', [0x28, 0xb5, 0x2f, 0xfd, 1, 0x60, 9, 1, 0, 0]],
    ['snappy: 2^32 - 1 bytes announced', 'snappy', [0xff, 0xff, 0xff, 0xff, 0x0f, 0, 65]],
    ['snappy: a length without an end', 'snappy', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['snappy: a copy from before the start', 'snappy', [4, 0x01, 0x01]],
    ['snappy: fewer bytes than announced', 'snappy', [9, 0, 65]],
    ['snappy: more bytes than announced', 'snappy', [1, 4, 65, 66]],
    ['lz4: a block beyond the end', 'lz4', [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 0xff, 0xff, 0, 0, 1]],
    ['lz4: a block above the block size', 'lz4', [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 1, 0, 1, 0, 1]],
    ['lz4: no end mark', 'lz4', [4, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82, 1, 0, 0, 0x80, 65]],
  ];
  test.each(lies)('%s', (_, type, bytes) => {
    const growth = peakGrowth(() => {
      expect(kindOf(() => codecs.decompress(type, new Uint8Array(bytes), 2 ** 31 - 1))).toBe('corrupt');
    });
    expect(growth).toBeLessThan(16 * mebibyte);
  });

  test('a record that claims two thousand million headers or bytes costs no memory', () => {
    const huge = [0xfe, 0xff, 0xff, 0xff, 0x0f]; // the varint of 2^31 - 1
    const bodies = [
      [...huge],
      [20, 0, 0, 0, ...huge, 0, 0, 0],
      [20, 0, 0, 0, 0, ...huge, 0, 0],
      [20, 0, 0, 0, 1, 1, ...huge],
      [24, 0, 0, 0, 1, 1, 2, ...huge, 0],
      [24, 0, 0, 0, 1, 1, 2, 0, ...huge],
    ];
    const header = encodeRecordBatch({ records: goldenRecords.slice(0, 1), compression: 'none' }, codecs);
    const growth = peakGrowth(() => {
      for (const body of bodies) {
        const batch = assembleBatch(header, new Uint8Array([...body, ...Array(8).fill(0)]), codecs);
        expect(kindOf(() => decodeRecords(batch, codecs))).toBe('INVALID_RECORD');
      }
      const counted = encodeRecordBatch({ records: goldenRecords, compression: 'none' }, codecs);
      new DataView(counted.buffer).setInt32(at.recordCount, 2 ** 31 - 1);
      stampCrc(counted, codecs);
      expect(kindOf(() => decodeRecords(counted, codecs))).toBe('INVALID_RECORD');
    });
    expect(growth).toBeLessThan(16 * mebibyte);
  });
});

describe('any damage', () => {
  test.each(compressed)('%s: is refused or stays within the bound', (type) => {
    const good = codecs.compress(type, contents.orders);
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    const damage = fc.record({ changes: fc.array(change, { maxLength: 4 }), length: fc.nat(good.length) });
    fc.assert(
      fc.property(damage, fc.boolean(), ({ changes, length }, cut) => {
        const bad = good.slice(0, cut ? length : good.length);
        for (const [i, byte] of changes) if (i < bad.length) bad[i] = byte;
        try {
          expect(codecs.decompress(type, bad, 10_000).length).toBeLessThanOrEqual(10_000);
        } catch (error) {
          expect(error).toBeInstanceOf(CompressionError);
        }
      }),
      { numRuns: 2000 },
    );
    expect(codecs.decompress(type, good, 10_000)).toEqual(new Uint8Array(contents.orders));
  });

  test.each(compressed)('%s: every cut is refused', (type) => {
    const good = codecs.compress(type, contents.orders);
    for (let length = type === 'snappy' ? 17 : 0; length < good.length; length++) {
      if (type === 'zstd' && length === 0) continue; // no frame at all holds nothing
      expect([length, kindOf(() => codecs.decompress(type, good.subarray(0, length), 10_000))]).toEqual([
        length,
        'corrupt',
      ]);
    }
  });

  test('any bytes as records end in a KafkaError or in records', () => {
    const header = encodeRecordBatch({ records: goldenRecords.slice(0, 1), compression: 'none' }, codecs);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...compressed, 'none'), (bytes, type) => {
        const batch = assembleBatch(header, bytes, codecs);
        batch[at.attributes + 1] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'].indexOf(type);
        expect(['fits', 'INVALID_RECORD']).toContain(kindOf(() => decodeRecords(batch, codecs)));
      }),
      { numRuns: 2000 },
    );
  });
});
