import * as zlib from 'node:zlib';
import { concatBytes } from '../base/bytes.ts';
import { CompressionError, plainBytes, tooLarge } from './compression.ts';
import { zstdFrames } from './zstd-frame.ts';

export type Zstd = {
  compress(bytes: Uint8Array): Uint8Array;
  /** Throws a `CompressionError` on bad data and beyond `maxBytes`. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array;
};

/** What an implementation offers for one frame that is known to hold `capacity` bytes at most. */
type FrameCodec = {
  compress(bytes: Uint8Array): Uint8Array;
  decompress(frame: Uint8Array, capacity: number): Uint8Array;
  /** True for the error that says that the frame holds more than the capacity. */
  isOverCapacity(error: unknown): boolean;
};

/** zlib's own zstd where Node has it (22.15 and newer), otherwise WebAssembly. */
export async function openZstd(): Promise<Zstd> {
  const codec = zlibFrameCodec() ?? (await openWasmFrameCodec());
  return {
    compress: (bytes) => codec.compress(bytes),
    decompress: (bytes, maxBytes) => decompressFrames(codec, bytes, maxBytes),
  };
}

function decompressFrames(codec: FrameCodec, bytes: Uint8Array, maxBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const frame of zstdFrames(bytes)) {
    if ((frame.contentBytes ?? 0) > maxBytes - length) throw tooLarge('zstd', maxBytes);
    const capacity = frame.contentBytes ?? Math.min(frame.contentBytesMax, maxBytes - length);
    let part: Uint8Array;
    try {
      part = codec.decompress(frame.bytes, capacity);
    } catch (error) {
      if (codec.isOverCapacity(error)) throw tooLarge('zstd', maxBytes);
      throw new CompressionError('corrupt', 'bad zstd frame', { cause: error });
    }
    length += part.length;
    if (length > maxBytes) throw tooLarge('zstd', maxBytes); // zlib takes no bound of 0
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

type ZlibWithZstd = {
  zstdCompressSync(bytes: Uint8Array): Buffer;
  zstdDecompressSync(bytes: Uint8Array, options: { maxOutputLength: number }): Buffer;
};

function zlibFrameCodec(): FrameCodec | undefined {
  if (!('zstdCompressSync' in zlib)) return undefined;
  const { zstdCompressSync, zstdDecompressSync } = zlib as unknown as ZlibWithZstd;
  return {
    compress: (bytes) => plainBytes(zstdCompressSync(bytes)),
    decompress: (frame, capacity) =>
      plainBytes(zstdDecompressSync(frame, { maxOutputLength: Math.max(capacity, 1) })),
    isOverCapacity: (error) => (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE',
  };
}

const compressionLevel = 3; // zstd's default, and that of Kafka's clients

async function openWasmFrameCodec(): Promise<FrameCodec> {
  const loaded = await import('@bokuweb/zstd-wasm');
  // A bundler hands a CommonJS package over as its default alone.
  const wasm = 'init' in loaded ? loaded : (loaded as { default: typeof loaded }).default;
  await wasm.init();
  return {
    compress: (bytes) => wasm.compress(bytes, compressionLevel),
    decompress: (frame, capacity) => wasm.decompress(frame, { defaultHeapSize: capacity }),
    isOverCapacity: (error) => error instanceof Error && error.message.endsWith('code -70'),
  };
}
