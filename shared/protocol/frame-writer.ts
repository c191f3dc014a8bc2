import { assert } from '../base/assert.ts';
import { encodeUuid } from './uuid.ts';

/** Small answers share one piece of memory: a fresh one costs more than what is written into it. */
const slabBytes = 65_536;
/** From here on a view costs less than a copy, also as one more piece of a socket write. */
const viewBytesMin = 4096;

type Slab = { readonly bytes: Buffer; readonly view: DataView };

function openSlab(length: number): Slab {
  const bytes = Buffer.allocUnsafeSlow(length);
  return { bytes, view: new DataView(bytes.buffer) };
}

let slab = openSlab(slabBytes);
let slabUsed = 0;

/**
 * Writes one frame, size prefix included, as the parts that go to a socket one after the other. Long runs
 * of records stay where they are and become parts of their own. What a part holds is never written again.
 * One frame at a time: a writer is opened and finished without waiting in between.
 */
export class FrameWriter {
  private slab: Slab;
  /** Where the part being written begins in the slab. */
  private start: number;
  private position: number;
  private readonly parts: Uint8Array[] = [];
  private partsLength = 0;

  constructor() {
    if (slab.bytes.length > slabBytes || slabBytes - slabUsed < 256) {
      slab = openSlab(slabBytes);
      slabUsed = 0;
    }
    this.slab = slab;
    this.start = slabUsed;
    this.position = slabUsed + 4; // the size, which `finish` knows
  }

  int8(value: number): void {
    const at = this.take(1); // may replace the slab
    this.slab.bytes[at] = value;
  }
  int16(value: number): void {
    const at = this.take(2);
    this.slab.view.setInt16(at, value);
  }
  int32(value: number): void {
    const at = this.take(4);
    this.slab.view.setInt32(at, value);
  }
  int64(value: bigint): void {
    const at = this.take(8);
    this.slab.view.setBigInt64(at, value);
  }
  float64(value: number): void {
    const at = this.take(8);
    this.slab.view.setFloat64(at, value);
  }

  /** The 16 bytes of a 36-character id. */
  uuid(text: string): void {
    const at = this.take(16);
    encodeUuid(text, this.slab.bytes, at);
  }

  /** Unsigned LEB128 of at most 32 bits. */
  uvarint(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.int8(rest | 0x80);
      rest >>>= 7;
    }
    this.int8(rest);
  }

  /** A copy of the bytes. */
  raw(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.slab.bytes.set(bytes, at);
  }

  /** The bytes as they stand now and until the frame has been sent: a view if they are many. */
  view(bytes: Uint8Array): void {
    if (bytes.length < viewBytesMin) {
      this.raw(bytes);
      return;
    }
    this.closePart();
    this.parts.push(bytes);
    this.partsLength += bytes.length;
  }

  /** UTF-8 after its length: plus one as a varint where `compact`, else 16 bits. */
  text(text: string, compact: boolean): void {
    const length = isAscii(text) ? text.length : Buffer.byteLength(text);
    if (compact) this.uvarint(length + 1);
    else {
      assert(length <= 0x7fff, 'a string of the older versions has at most 32,767 bytes');
      this.int16(length);
    }
    const at = this.take(length);
    const { bytes } = this.slab;
    if (length !== text.length || length > asciiLoopMax) bytes.write(text, at, length);
    else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  }

  /** What `write` writes, after its length as a varint. It may hold no views. */
  sized(write: () => void): void {
    const partCount = this.parts.length;
    const mark = this.take(1) - this.start;
    write();
    assert(this.parts.length === partCount, 'a tagged field holds no records');
    const at = this.start + mark;
    const length = this.position - at - 1;
    const extra = uvarintBytes(length) - 1;
    if (extra > 0) {
      this.take(extra);
      const from = this.start + mark + 1; // the bytes may have moved
      this.slab.bytes.copyWithin(from + extra, from, from + length);
    }
    const end = this.position;
    this.position = this.start + mark;
    this.uvarint(length);
    this.position = end;
  }

  /** The parts of the frame; the first begins with the size of all that follows it. */
  finish(): Uint8Array[] {
    this.closePart();
    const first = this.parts[0] as Buffer;
    first.writeInt32BE(this.partsLength - 4, 0);
    return this.parts;
  }

  private closePart(): void {
    if (this.position > this.start) {
      this.parts.push(this.slab.bytes.subarray(this.start, this.position));
      this.partsLength += this.position - this.start;
    }
    this.start = this.position;
    slab = this.slab;
    slabUsed = this.position;
  }

  private take(length: number): number {
    const at = this.position;
    if (at + length > this.slab.bytes.length) return this.move(length);
    this.position = at + length;
    return at;
  }

  /** Moves the part being written to where `length` more bytes have room. */
  private move(length: number): number {
    const written = this.position - this.start;
    const larger = openSlab(Math.max(slabBytes, 2 * (written + length)));
    larger.bytes.set(this.slab.bytes.subarray(this.start, this.position));
    this.slab = larger;
    this.start = 0;
    this.position = written + length;
    return written;
  }
}

/** Up to here a loop is faster than the call into the runtime. */
const asciiLoopMax = 24;

function isAscii(text: string): boolean {
  if (text.length > asciiLoopMax) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false;
  return true;
}

function uvarintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count++;
  return count;
}
