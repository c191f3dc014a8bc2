import { frameSize } from '../shared/protocol/frame.ts';

const sizeBytes = 4;

/**
 * Cuts a stream into frames. It holds no more than the one frame that is being read, and allocates for it as its bytes
 * arrive, not as its size promises: a length that lies costs nothing.
 */
export class FrameSplitter {
  private readonly frameBytesMax: number;
  private chunks: Uint8Array[] = [];
  private length = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Bytes of the frame that is not whole yet. */
  get pendingBytes(): number {
    return this.length;
  }

  /** The frames that `chunk` makes whole, sizes left off. Throws MalformedBytes where no frame can begin. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    this.chunks.push(chunk);
    this.length += chunk.length;
    while (this.length >= sizeBytes) {
      const size = frameSize(this.peek(sizeBytes), 0, this.frameBytesMax);
      if (this.length < sizeBytes + size) return;
      yield this.take(sizeBytes + size).subarray(sizeBytes);
    }
  }

  private peek(count: number): Uint8Array {
    const [first] = this.chunks;
    if (first && first.length >= count) return first;
    this.chunks = [Buffer.concat(this.chunks, this.length)];
    return this.chunks[0] ?? new Uint8Array();
  }

  private take(count: number): Uint8Array {
    const [first] = this.chunks;
    const joined = first && first.length >= count ? first : Buffer.concat(this.chunks, this.length);
    const rest = joined.subarray(count);
    const others = joined === first ? this.chunks.slice(1) : [];
    this.chunks = rest.length > 0 ? [rest, ...others] : others;
    this.length -= count;
    return joined.subarray(0, count);
  }
}
