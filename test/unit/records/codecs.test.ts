import fc from 'fast-check';
import { compressFrameSync, decompressFrameSync } from 'lz4-napi';
import { compressSync, uncompressSync } from 'snappy';
import { describe, expect, test } from 'vitest';
import { openNativeCodecs } from '../../../shared/records/codecs-native.ts';
import { openPortableCodecs } from '../../../shared/records/codecs-portable.ts';
import { CompressionError } from '../../../shared/records/compression.ts';
import { compressXerial } from '../../../shared/records/xerial-framing.ts';
import { xxhash32 } from '../../../shared/records/xxhash32.ts';
import { anyContent, bytesOf, compressed, contents, golden, noise } from './samples.ts';

const portable = await openPortableCodecs();
const native = await openNativeCodecs();
const mebibyte = 1024 * 1024;
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe('what others compressed is read', () => {
  test.each(golden.streams)('$compression of $content by $by', ({ compression, content, base64 }) => {
    const bytes = bytesOf(base64);
    expect(same(portable.decompress(compression, bytes, 200_000), contents[content])).toBe(true);
  });

  test('snappy by the native module, bare and framed', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        const blocks = [compressSync(content), compressXerial(content, (block) => compressSync(block))];
        for (const block of blocks) {
          expect(same(portable.decompress('snappy', block, content.length), content)).toBe(true);
        }
      }),
    );
  });

  test('lz4 by the native module, with and without checksums', () => {
    fc.assert(
      fc.property(anyContent, fc.boolean(), (content, checksums) => {
        const options = { blockChecksums: checksums, contentChecksum: checksums };
        const frame = compressFrameSync(Buffer.from(content), options);
        expect(same(portable.decompress('lz4', frame, content.length), content)).toBe(true);
      }),
    );
  });
});

describe('what we compress', () => {
  test.each(compressed)('%s comes back as it was', (type) => {
    const roundTrip = (content: Uint8Array) => {
      const bytes = portable.compress(type, content);
      expect(same(native.decompress(type, bytes, content.length), content)).toBe(true);
    };
    fc.assert(fc.property(anyContent, roundTrip));
    for (const length of [0, 1, 65_535, 65_536, 65_537, mebibyte]) {
      roundTrip(noise(length));
      roundTrip(new Uint8Array(length));
    }
  });

  test('lz4 is read by the native module', () => {
    fc.assert(
      fc.property(anyContent, (content) => {
        expect(same(decompressFrameSync(Buffer.from(portable.compress('lz4', content))), content)).toBe(true);
      }),
    );
  });

  test('lz4 is a frame of independent 64 KiB blocks, byte for byte like the header Kafka writes', () => {
    const theirs = golden.streams.find(
      ({ by, compression }) => by.startsWith('Apache') && compression === 'lz4',
    );
    expect(portable.compress('lz4', contents.orders).subarray(0, 7)).toEqual(
      bytesOf(theirs?.base64 ?? '').subarray(0, 7),
    );
  });

  test('snappy is framed in blocks of 32 KiB that the native module reads', () => {
    const content = noise(70_000);
    const framed = portable.compress('snappy', content);
    const view = new DataView(framed.buffer, framed.byteOffset);
    const parts: Uint8Array[] = [];
    for (let position = 16; position < framed.length; ) {
      const size = view.getInt32(position);
      parts.push(uncompressSync(framed.subarray(position + 4, position + 4 + size)) as Buffer);
      position += 4 + size;
    }
    expect(parts.map(({ length }) => length)).toEqual([32_768, 32_768, 4_464]);
    expect(same(Buffer.concat(parts), content)).toBe(true);
  });

  test('compressible data becomes small', () => {
    for (const type of compressed) {
      expect(portable.compress(type, contents.orders).length).toBeLessThan(contents.orders.length / 3);
    }
  });
});

describe('a bound on the output', () => {
  const kindOf = (decompress: () => unknown): string => {
    try {
      decompress();
      return 'fits';
    } catch (error) {
      if (error instanceof CompressionError) return error.kind;
      throw error;
    }
  };

  test.each([...compressed, 'none'] as const)('%s: fits exactly, and one byte less is too large', (type) => {
    for (const content of [...Object.values(contents), noise(100_000), noise(1)]) {
      const bytes = portable.compress(type, content);
      expect(kindOf(() => portable.decompress(type, bytes, content.length))).toBe('fits');
      expect(kindOf(() => portable.decompress(type, bytes, content.length - 1))).toBe('tooLarge');
    }
  });

  test.each(golden.streams)('$compression of $content by $by is bounded too', (stream) => {
    const length = contents[stream.content].length;
    const bytes = bytesOf(stream.base64);
    expect(kindOf(() => portable.decompress(stream.compression, bytes, length))).toBe('fits');
    expect(kindOf(() => portable.decompress(stream.compression, bytes, length - 1))).toBe('tooLarge');
  });

  test('linked lz4 blocks are refused as by Kafka, whose consumers could not read them', () => {
    expect(kindOf(() => portable.decompress('lz4', bytesOf(golden.linkedLz4), mebibyte))).toBe('corrupt');
  });

  test('a wrong lz4 header checksum is refused as by Kafka', () => {
    const frame = portable.compress('lz4', contents.orders);
    frame[6] = (frame[6] as number) ^ 1;
    expect(kindOf(() => portable.decompress('lz4', frame, mebibyte))).toBe('corrupt');
  });
});

describe('checksums', () => {
  test('CRC-32C of known vectors (RFC 3720, B.4)', () => {
    const vectors: [Uint8Array, number][] = [
      [new Uint8Array(0), 0],
      [new Uint8Array(32), 0x8a9136aa],
      [new Uint8Array(32).fill(0xff), 0x62a8ab43],
      [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
      [bytesOf(btoa('123456789')), 0xe3069283],
    ];
    for (const { crc32c } of [portable, native]) {
      for (const [bytes, crc] of vectors) expect(crc32c(bytes)).toBe(crc);
    }
  });

  test('CRC-32C in JavaScript equals the native one at any length and alignment', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, start) => {
        const view = bytes.subarray(start);
        expect(portable.crc32c(view)).toBe(native.crc32c(view));
      }),
    );
  });

  test('xxHash32 of known vectors', () => {
    expect(xxhash32(new Uint8Array(0))).toBe(0x02cc5d05);
    expect(xxhash32(bytesOf(btoa('abc')))).toBe(0x32d153ff);
    expect(xxhash32(bytesOf(btoa('Nobody inspects the spammish repetition')))).toBe(0xe2293b2f);
  });
});
