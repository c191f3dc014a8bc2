import { CompressionError } from './compression.ts';

/** The output of a decompressor whose size is not known before: grows as needed, never beyond its bound. */
export class GrowingOutput {
  bytes: Uint8Array;
  length = 0;
  private readonly bytesMax: number;

  constructor(expectedBytes: number, bytesMax: number) {
    this.bytes = new Uint8Array(Math.min(expectedBytes, bytesMax));
    this.bytesMax = bytesMax;
  }

  /** Room for so many more bytes. Throws `tooLarge` if these would go beyond the bound. */
  reserve(count: number): void {
    const needed = this.length + count;
    if (needed > this.bytesMax) {
      throw new CompressionError('tooLarge', `the data becomes larger than ${this.bytesMax} bytes`);
    }
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(this.bytesMax, Math.max(needed, this.bytes.length * 2)));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  /** Room for so many more bytes, or for fewer if the bound comes first. Returns where the room ends. */
  reserveUpTo(count: number): number {
    const room = Math.min(count, this.bytesMax - this.length);
    this.reserve(room);
    return this.length + room;
  }

  /** A view of what was written. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

/**
 * Repeats in `bytes` what stands `distance` before `at`, so many bytes. With a distance shorter than the
 * count, what is written is read again, which is how runs are stored.
 */
export function copyMatch(bytes: Uint8Array, at: number, distance: number, count: number): void {
  if (count > 64 && distance >= count) bytes.copyWithin(at, at - distance, at - distance + count);
  else for (let to = at, end = at + count; to < end; to++) bytes[to] = bytes[to - distance] as number;
}

/** Short runs, by far the most, are faster copied one by one. */
export function copyRun(from: Uint8Array, start: number, to: Uint8Array, at: number, count: number): void {
  if (count > 64) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[start + i] as number;
}
