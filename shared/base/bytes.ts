import { assert } from './assert.ts';

/** Thrown when bytes end before what they announce, or announce what cannot be. */
export class MalformedBytes extends Error {
  override name = 'MalformedBytes';
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export const utf8Encode = (text: string): Uint8Array => encoder.encode(text);
/** Throws a TypeError when the bytes are not UTF-8. */
export const utf8Decode = (bytes: Uint8Array): string => utf8.decode(bytes);

export const areEqualBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && Buffer.compare(a, b) === 0;

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

/**
 * The parts one behind the other: a view where that is how they lie in memory already, as batches of one read
 * do, and a copy otherwise.
 */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first === undefined) return new Uint8Array();
  let end = first.byteOffset;
  for (const { buffer, byteOffset, length } of parts) {
    if (buffer !== first.buffer || byteOffset !== end) return concatBytes(parts);
    end += length;
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
}

const asBuffer = (bytes: Uint8Array): Buffer =>
  bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Reads big-endian numbers, varints and runs of bytes; every read is checked against the end. */
export class ByteReader {
  private readonly view: DataView;
  readonly bytes: Uint8Array;
  position = 0;
  /** Elements that `elements` still lets through, of all arrays together. */
  private elementsLeft: number;

  constructor(bytes: Uint8Array, elementsMax: number = Number.MAX_SAFE_INTEGER) {
    this.bytes = bytes;
    this.elementsLeft = elementsMax;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  int8(): number {
    return this.view.getInt8(this.take(1));
  }
  uint8(): number {
    return this.view.getUint8(this.take(1));
  }
  int16(): number {
    return this.view.getInt16(this.take(2));
  }
  uint16(): number {
    return this.view.getUint16(this.take(2));
  }
  int32(): number {
    return this.view.getInt32(this.take(4));
  }
  uint32(): number {
    return this.view.getUint32(this.take(4));
  }
  int64(): bigint {
    return this.view.getBigInt64(this.take(8));
  }
  float64(): number {
    return this.view.getFloat64(this.take(8));
  }

  /**
   * Takes the announced number of elements, each of at least `bytesEach` bytes, before anything is
   * allocated for them: they must fit into what is left, and all arrays together into `elementsMax`.
   */
  elements(count: number, bytesEach: number): number {
    if (count < 0 || count * bytesEach > this.remaining)
      throw new MalformedBytes(`${count} elements in ${this.remaining} bytes`);
    if (count > this.elementsLeft)
      throw new MalformedBytes(`${count} elements where at most ${this.elementsLeft} more are taken`);
    this.elementsLeft -= count;
    return count;
  }

  /** A view, not a copy. */
  raw(length: number): Uint8Array {
    if (length < 0) throw new MalformedBytes(`a length of ${length}`);
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** `length` bytes of UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(length: number): string {
    if (length < 0) throw new MalformedBytes(`a length of ${length}`);
    const start = this.take(length);
    return asBuffer(this.bytes).toString('utf8', start, start + length);
  }

  /** Unsigned LEB128 of at most 32 bits. */
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.uint8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new MalformedBytes('a varint of more than 32 bits');
  }

  /** Zigzag varint of at most 32 bits, as in Kafka records. */
  varint(): number {
    const value = this.uvarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Unsigned LEB128 of at most 64 bits. */
  uvarlong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.uint8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value > 0xffff_ffff_ffff_ffffn) break;
        return value;
      }
    }
    throw new MalformedBytes('a varint of more than 64 bits');
  }

  /** Zigzag varint of at most 64 bits, as in Kafka records. */
  varlong(): bigint {
    const value = this.uvarlong();
    return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
  }

  private take(length: number): number {
    const start = this.position;
    if (start + length > this.bytes.length) {
      throw new MalformedBytes(`${length} bytes wanted at ${start}, ${this.bytes.length - start} left`);
    }
    this.position = start + length;
    return start;
  }
}

/** Writes what `ByteReader` reads into a buffer that grows. */
export class ByteWriter {
  private buffer: Uint8Array;
  private view: DataView;
  length = 0;

  constructor(capacity = 64) {
    this.buffer = new Uint8Array(capacity);
    this.view = new DataView(this.buffer.buffer);
  }

  int8(value: number): this {
    const start = this.grow(1); // may replace the view
    this.view.setInt8(start, value);
    return this;
  }
  uint8(value: number): this {
    const start = this.grow(1); // may replace the view
    this.view.setUint8(start, value);
    return this;
  }
  int16(value: number): this {
    const start = this.grow(2); // may replace the view
    this.view.setInt16(start, value);
    return this;
  }
  int32(value: number): this {
    const start = this.grow(4); // may replace the view
    this.view.setInt32(start, value);
    return this;
  }
  uint32(value: number): this {
    const start = this.grow(4); // may replace the view
    this.view.setUint32(start, value);
    return this;
  }
  int64(value: bigint): this {
    const start = this.grow(8); // may replace the view
    this.view.setBigInt64(start, value);
    return this;
  }
  raw(bytes: Uint8Array): this {
    const start = this.grow(bytes.length);
    this.buffer.set(bytes, start);
    return this;
  }

  uvarint(value: number): this {
    assert(Number.isInteger(value) && value >= 0 && value <= 0xffffffff, 'a uvarint is 0 to 2^32 - 1');
    let rest = value;
    while (rest >= 0x80) {
      this.uint8((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    return this.uint8(rest);
  }

  varint(value: number): this {
    return this.uvarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  uvarlong(value: bigint): this {
    let rest = value;
    while (rest >= 0x80n) {
      this.uint8(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    return this.uint8(Number(rest));
  }

  varlong(value: bigint): this {
    return this.uvarlong(BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)));
  }

  /** What was written, as its own copy. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  /** What was written, without a copy: the writer must not be used again. */
  finishInPlace(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  private grow(by: number): number {
    const start = this.length;
    const needed = start + by;
    if (needed > this.buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      larger.set(this.buffer.subarray(0, start));
      this.buffer = larger;
      this.view = new DataView(larger.buffer);
    }
    this.length = needed;
    return start;
  }
}
