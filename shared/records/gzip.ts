import { gunzipSync, gzipSync } from 'node:zlib';
import { CompressionError, plainBytes, tooLarge } from './compression.ts';

export const compressGzip = (bytes: Uint8Array): Uint8Array => plainBytes(gzipSync(bytes));

/** Throws a `CompressionError` on bad data and beyond `maxBytes`. */
export function decompressGzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  try {
    const decompressed = gunzipSync(bytes, { maxOutputLength: Math.max(maxBytes, 1) });
    if (decompressed.length <= maxBytes) return plainBytes(decompressed);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', maxBytes);
    throw new CompressionError('corrupt', 'bad gzip data', { cause: error });
  }
  throw tooLarge('gzip', maxBytes); // zlib takes no bound of 0
}
