import { frameSize } from '../shared/protocol/frame.ts';

const sizeBytes = 4;
/** What is first set aside for a frame that came in part, and how much more when that is full. */
const firstBufferBytes = 64 * 1024;
const growth = 8; // few copies; memory that no byte has reached is not taken from the system
const nothing = new Uint8Array();

/**
 * Cuts a stream into frames. What it sets aside for a frame grows with the bytes that arrive, not with the
 * size that is promised: a length that lies costs nothing, nor do bytes that come one by one.
 */
export class FrameSplitter {
  private readonly frameBytesMax: number;
  /** Whole frames and the beginning of the next one, as they came. */
  private chunk: Uint8Array = nothing;
  private position = 0;
  /** A frame that came in several chunks: its first `filled` bytes, size included. */
  private buffer: Uint8Array = nothing;
  private filled = 0;

  constructor(frameBytesMax: number) {
    this.frameBytesMax = frameBytesMax;
  }

  /** Bytes that were pushed and not taken. */
  get pendingBytes(): number {
    return this.filled + this.chunk.length - this.position;
  }

  /** More of the stream. The bytes are kept, not copied, for as long as a frame of them is in use. */
  push(chunk: Uint8Array): void {
    const rest = this.chunk.length - this.position;
    this.chunk = rest === 0 ? chunk : Buffer.concat([this.chunk.subarray(this.position), chunk]);
    this.position = 0;
  }

  /**
   * The next frame, its size left off; undefined: it is not whole yet. Throws MalformedBytes where none can
   * begin.
   */
  next(): Uint8Array | undefined {
    if (this.filled > 0) return this.nextOfParts();
    const rest = this.chunk.length - this.position;
    if (rest < sizeBytes) {
      this.fill(rest, sizeBytes);
      return undefined;
    }
    const begin = this.position + sizeBytes;
    const end = begin + frameSize(this.chunk, this.position, this.frameBytesMax);
    if (end > this.chunk.length) {
      this.fill(rest, end - this.position);
      return undefined;
    }
    this.position = end;
    return this.chunk.subarray(begin, end);
  }

  /** Forgets everything. */
  clear(): void {
    this.chunk = nothing;
    this.position = 0;
    this.buffer = nothing;
    this.filled = 0;
  }

  private nextOfParts(): Uint8Array | undefined {
    if (this.filled < sizeBytes) this.fill(sizeBytes - this.filled, sizeBytes);
    if (this.filled < sizeBytes) return undefined;
    const wanted = sizeBytes + frameSize(this.buffer, 0, this.frameBytesMax);
    this.fill(wanted - this.filled, wanted);
    if (this.filled < wanted) return undefined;
    const frame = this.buffer.subarray(sizeBytes, wanted);
    this.buffer = nothing;
    this.filled = 0;
    return frame;
  }

  /** Moves up to `count` bytes from the chunk into the buffer, which never grows beyond `wanted`. */
  private fill(count: number, wanted: number): void {
    const moved = Math.min(count, this.chunk.length - this.position);
    if (moved === 0) return;
    const filled = this.filled + moved;
    if (filled > this.buffer.length) {
      const roomy = Math.max(firstBufferBytes, this.buffer.length * growth);
      const larger = Buffer.allocUnsafe(Math.max(filled, Math.min(wanted, roomy)));
      larger.set(this.buffer.subarray(0, this.filled));
      this.buffer = larger;
    }
    this.buffer.set(this.chunk.subarray(this.position, this.position + moved), this.filled);
    this.filled = filled;
    this.position += moved;
    if (this.position < this.chunk.length) return;
    this.chunk = nothing;
    this.position = 0;
  }
}
