import { compress as compressSnappyBlock } from 'snappyjs';
import { type CompressionType, type RecordCodecs, tooLarge } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { compressGzip, decompressGzip } from './gzip.ts';
import { compressLz4Frame, decompressLz4Frame } from './lz4-frame.ts';
import { uncompressSnappyBlock } from './snappy-block.ts';
import { compressXerial, uncompressXerial } from './xerial-framing.ts';
import { openZstd } from './zstd.ts';

type Codec = {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
};

const uncompressed: Codec = {
  compress: (bytes) => bytes,
  decompress: (bytes, maxBytes) => {
    if (bytes.length > maxBytes) throw tooLarge('none', maxBytes);
    return bytes;
  },
};

/**
 * Codecs in JavaScript and WebAssembly beside what Node itself brings: for functions, which carry no native
 * module. For LZ4 and Snappy they are about as fast as native modules, for CRC32C they are not.
 */
export async function openPortableCodecs(): Promise<RecordCodecs> {
  const byType: Record<CompressionType, Codec> = {
    none: uncompressed,
    gzip: { compress: compressGzip, decompress: decompressGzip },
    snappy: {
      compress: (bytes) => compressXerial(bytes, compressSnappyBlock),
      decompress: (bytes, maxBytes) => uncompressXerial(bytes, maxBytes, uncompressSnappyBlock),
    },
    lz4: { compress: compressLz4Frame, decompress: decompressLz4Frame },
    zstd: await openZstd(),
  };
  return {
    compress: (type, bytes) => byType[type].compress(bytes),
    decompress: (type, bytes, maxBytes) => byType[type].decompress(bytes, maxBytes),
    crc32c,
  };
}
