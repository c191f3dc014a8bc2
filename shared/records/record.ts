import { type ByteWriter, utf8Encode } from '../base/bytes.ts';
import { KafkaError } from '../kafka/error-codes.ts';

export type RecordHeader = { readonly key: string; readonly value: Uint8Array | null };

/** A record before it has an offset. `timestamp` is in ms since 1970, any int64; -1 means none. */
export type ProducedRecord = {
  readonly timestamp: bigint;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
};

export type DecodedRecord = ProducedRecord & { readonly offset: bigint };

/** The shortest record: its length, attributes, two deltas, no key, no value, no headers; one byte each. */
export const recordBytesMin = 7;

const invalid = (message: string): KafkaError => new KafkaError('INVALID_RECORD', message);
const lenientUtf8 = new TextDecoder();

/**
 * Walks over the records of a batch without copying or allocating: `next()` checks one record wholly and
 * leaves its fields here. Throws INVALID_RECORD when lengths or counts do not fit the bytes.
 */
export class RecordCursor {
  readonly bytes: Uint8Array;
  position = 0;

  /** A bigint only if the number needs more than 49 bits. */
  timestampDelta: number | bigint = 0;
  offsetDelta = 0;
  /** Where what follows the record's length begins, and what follows its deltas. */
  bodyStart = 0;
  afterDeltas = 0;
  recordEnd = 0;
  keyStart = 0;
  /** -1: null, as for `valueLength`. */
  keyLength = 0;
  valueStart = 0;
  valueLength = 0;
  headersStart = 0;
  headerCount = 0;
  /** Bytes may be read up to here. */
  private limit: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.limit = bytes.length;
  }

  get isAtEnd(): boolean {
    return this.position === this.bytes.length;
  }

  next(): void {
    this.limit = this.bytes.length;
    const bodyBytes = this.varint();
    if (bodyBytes < 0 || bodyBytes > this.limit - this.position) {
      throw invalid(`a record of ${bodyBytes} bytes where ${this.limit - this.position} are left`);
    }
    this.bodyStart = this.position;
    this.recordEnd = this.position + bodyBytes;
    this.limit = this.recordEnd;
    this.skip(1); // attributes of a record: unused
    this.timestampDelta = this.varlong();
    this.offsetDelta = this.varint();
    this.afterDeltas = this.position;
    this.keyLength = this.nullableLength();
    this.keyStart = this.position;
    if (this.keyLength > 0) this.skip(this.keyLength);
    this.valueLength = this.nullableLength();
    this.valueStart = this.position;
    if (this.valueLength > 0) this.skip(this.valueLength);
    this.headerCount = this.varint();
    this.headersStart = this.position;
    this.skipHeaders();
    if (this.position !== this.recordEnd) {
      throw invalid(`a record ends ${this.recordEnd - this.position} bytes before its length says`);
    }
  }

  /** Views of the bytes; header keys that are not UTF-8 are read leniently, like Kafka's clients do. */
  key(): Uint8Array | null {
    return this.view(this.keyStart, this.keyLength);
  }

  value(): Uint8Array | null {
    return this.view(this.valueStart, this.valueLength);
  }

  headers(): RecordHeader[] {
    const headers: RecordHeader[] = [];
    const recordEnd = this.position;
    this.position = this.headersStart;
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = this.varint();
      const key = lenientUtf8.decode(this.bytes.subarray(this.position, this.position + keyLength));
      this.position += keyLength;
      const valueLength = this.nullableLength();
      headers.push({ key, value: this.view(this.position, valueLength) });
      this.position += Math.max(valueLength, 0);
    }
    this.position = recordEnd;
    return headers;
  }

  private view(start: number, length: number): Uint8Array | null {
    return length < 0 ? null : this.bytes.subarray(start, start + length);
  }

  private skipHeaders(): void {
    // Each takes two bytes at least, so a count that lies is refused before it costs time.
    if (this.headerCount < 0 || this.headerCount * 2 > this.limit - this.position) {
      throw invalid(`${this.headerCount} headers in ${this.limit - this.position} bytes`);
    }
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = this.varint();
      if (keyLength < 0) throw invalid('a header without a key');
      this.skip(keyLength);
      this.skip(Math.max(this.nullableLength(), 0));
    }
  }

  private nullableLength(): number {
    return Math.max(this.varint(), -1);
  }

  private skip(length: number): void {
    if (length > this.limit - this.position) {
      throw invalid(`${length} bytes announced where ${this.limit - this.position} are left`);
    }
    this.position += length;
  }

  private byte(): number {
    if (this.position >= this.limit) throw invalid('the bytes end inside a record');
    return this.bytes[this.position++] as number;
  }

  /** Zigzag, at most 32 bits. */
  private varint(): number {
    let byte = this.byte();
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw invalid('a varint of more than five bytes');
      byte = this.byte();
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** Zigzag, at most 64 bits; in doubles as long as these are exact, since nearly all timestamps are near. */
  private varlong(): number | bigint {
    const start = this.position;
    let value = 0;
    for (let i = 0, factor = 1; i < 7; i++, factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    this.position = start;
    return this.wideVarlong();
  }

  private wideVarlong(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw invalid('a varint of more than ten bytes');
  }
}

/** Appends one record. Deltas are relative to the batch's base offset and base timestamp. */
export function writeRecord(
  writer: ByteWriter,
  record: ProducedRecord,
  offsetDelta: number,
  timestampDelta: bigint,
): void {
  const headers = record.headers.map(({ key, value }) => ({ key: utf8Encode(key), value }));
  let bodyBytes =
    1 +
    varlongBytes(timestampDelta) +
    varintBytes(offsetDelta) +
    bytesLength(record.key) +
    bytesLength(record.value) +
    varintBytes(headers.length);
  for (const { key, value } of headers) bodyBytes += bytesLength(key) + bytesLength(value);

  writer.varint(bodyBytes).int8(0);
  writeVarlong(writer, timestampDelta);
  writer.varint(offsetDelta);
  writeBytes(writer, record.key);
  writeBytes(writer, record.value);
  writer.varint(headers.length);
  for (const { key, value } of headers) {
    writeBytes(writer, key);
    writeBytes(writer, value);
  }
}

/** Appends the record under the cursor with another offset delta, all else byte for byte. */
export function rewriteRecord(writer: ByteWriter, cursor: RecordCursor, offsetDelta: number): void {
  const timestampDelta = BigInt(cursor.timestampDelta);
  const rest = cursor.bytes.subarray(cursor.afterDeltas, cursor.recordEnd);
  const attributes = cursor.bytes.subarray(cursor.bodyStart, cursor.bodyStart + 1);
  writer.varint(1 + varlongBytes(timestampDelta) + varintBytes(offsetDelta) + rest.length);
  writer.raw(attributes);
  writeVarlong(writer, timestampDelta);
  writer.varint(offsetDelta).raw(rest);
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array | null): void {
  if (bytes === null) writer.varint(-1);
  else writer.varint(bytes.length).raw(bytes);
}

const isInt32 = (value: bigint): boolean => value >= -0x8000_0000n && value <= 0x7fff_ffffn;

function writeVarlong(writer: ByteWriter, value: bigint): void {
  if (isInt32(value)) writer.varint(Number(value));
  else writer.varlong(value);
}

const bytesLength = (bytes: Uint8Array | null): number =>
  bytes === null ? 1 : varintBytes(bytes.length) + bytes.length;

/** How many bytes the zigzag varint of an int32 takes. */
function varintBytes(value: number): number {
  const bits = 32 - Math.clz32((value << 1) ^ (value >> 31));
  return bits === 0 ? 1 : Math.ceil(bits / 7);
}

function varlongBytes(value: bigint): number {
  if (isInt32(value)) return varintBytes(Number(value));
  let length = 1;
  for (let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n)); rest >= 0x80n; rest >>= 7n) length++;
  return length;
}
