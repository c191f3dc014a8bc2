import { ByteReader, ByteWriter, MalformedBytes, utf8Encode } from '../../base/bytes.ts';
import { isBinary, isList } from '../attributes.ts';
import type { Attribute, AttributeMap, Item } from '../item.ts';
import { checkName, checkNumber, itemSizeBytes, refusal } from '../item-limits.ts';

/**
 * Items as bytes: a format number, then the attributes as a map (count, then name and value each). A value is
 * a tag and what the tag says. A list of binaries only, such as a tail, has a tag of its own: lengths and
 * bytes, no tags between. What is decoded points into the bytes, and lives as long as they do.
 */
const format = 1;

const tags = {
  false: 0,
  true: 1,
  text: 2,
  /** 0 to 2^32 - 1. */
  small: 3,
  /** 64 bits. */
  int64: 4,
  /** Sign, then up to 16 bytes of magnitude, largest first. */
  large: 5,
  binary: 6,
  list: 7,
  map: 8,
  binaries: 9,
} as const;

/**
 * Also refuses what is no attribute, and numbers of more than 38 digits. `capacity`: about how many bytes it
 * will be, where that is known.
 */
export function encodeItem(item: Item, capacity?: number): Uint8Array {
  const writer = new ByteWriter((capacity ?? itemSizeBytes({ pk: '', sk: '' }, item)) + 128).uint8(format);
  writeMap(writer, item);
  return writer.finishInPlace();
}

function writeMap(writer: ByteWriter, map: AttributeMap): void {
  const names = Object.keys(map);
  writer.uvarint(names.length);
  for (const name of names) {
    writeText(writer, checkName(name));
    writeValue(writer, map[name] as Attribute);
  }
}

/** Texts this short are mostly ASCII, and are faster by hand than through the encoder. */
const shortText = 24;

function writeText(writer: ByteWriter, text: string): void {
  if (text.length <= shortText && isAscii(text)) {
    writer.uvarint(text.length);
    for (let at = 0; at < text.length; at++) writer.uint8(text.charCodeAt(at));
    return;
  }
  const bytes = utf8Encode(text);
  writer.uvarint(bytes.length).raw(bytes);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return false;
  return true;
}

function writeValue(writer: ByteWriter, value: Attribute): void {
  if (typeof value === 'bigint') writeNumber(writer, value);
  else if (typeof value === 'string') writeText(writer.uint8(tags.text), value);
  else if (typeof value === 'boolean') writer.uint8(value ? tags.true : tags.false);
  else if (typeof value !== 'object' || value === null) throw refusal(`a ${typeof value} cannot be stored`);
  else if (isBinary(value)) writer.uint8(tags.binary).uvarint(value.length).raw(value);
  else if (isList(value)) writeList(writer, value);
  else writeMap(writer.uint8(tags.map), value);
}

function writeList(writer: ByteWriter, list: readonly Attribute[]): void {
  if (list.length > 0 && list.every((member) => typeof member === 'object' && isBinary(member))) {
    writer.uint8(tags.binaries).uvarint(list.length);
    for (const member of list as readonly Uint8Array[]) writer.uvarint(member.length).raw(member);
    return;
  }
  writer.uint8(tags.list).uvarint(list.length);
  for (const member of list) writeValue(writer, member);
}

function writeNumber(writer: ByteWriter, value: bigint): void {
  if (value >= 0n && value <= 0xffff_ffffn) {
    writer.uint8(tags.small).uvarint(Number(value));
  } else if (value === BigInt.asIntN(64, value)) {
    writer.uint8(tags.int64).int64(value);
  } else {
    writeLarge(writer, checkNumber(value));
  }
}

function writeLarge(writer: ByteWriter, value: bigint): void {
  const magnitude = value < 0n ? -value : value;
  writer.uint8(tags.large).uint8(value < 0n ? 1 : 0);
  writer.int64(BigInt.asIntN(64, magnitude >> 64n)).int64(BigInt.asIntN(64, magnitude));
}

/** Throws `MalformedBytes` for what `encodeItem` did not write. */
export function decodeItem(bytes: Uint8Array): Item {
  const reader = new ByteReader(bytes);
  const found = reader.uint8();
  if (found !== format) {
    throw new MalformedBytes(`an item in format ${found}, this version knows ${format}: upgrade it`);
  }
  const item = readMap(reader);
  if (reader.remaining > 0) throw new MalformedBytes(`${reader.remaining} bytes behind the end of an item`);
  return item;
}

function readMap(reader: ByteReader): AttributeMap {
  const map: Record<string, Attribute> = {};
  for (let left = reader.uvarint(); left > 0; left--) {
    const name = readText(reader);
    map[name] = readValue(reader);
  }
  return map;
}

function readText(reader: ByteReader): string {
  const length = reader.uvarint();
  const bytes = reader.raw(length);
  if (length > shortText) return textOf(bytes);
  let text = '';
  for (const byte of bytes) {
    if (byte >= 0x80) return textOf(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');

function readValue(reader: ByteReader): Attribute {
  const tag = reader.uint8();
  if (tag === tags.small) return BigInt(reader.uvarint());
  if (tag === tags.int64) return reader.int64();
  if (tag === tags.text) return readText(reader);
  if (tag === tags.binary) return reader.raw(reader.uvarint());
  if (tag === tags.binaries) return readMany(reader, () => reader.raw(reader.uvarint()));
  if (tag === tags.list) return readMany(reader, () => readValue(reader));
  if (tag === tags.map) return readMap(reader);
  if (tag === tags.large) return readLarge(reader);
  if (tag === tags.true || tag === tags.false) return tag === tags.true;
  throw new MalformedBytes(`an unknown tag ${tag}`);
}

function readMany<T extends Attribute>(reader: ByteReader, read: () => T): T[] {
  const members: T[] = [];
  for (let left = reader.uvarint(); left > 0; left--) members.push(read());
  return members;
}

function readLarge(reader: ByteReader): bigint {
  const isNegative = reader.uint8() === 1;
  const magnitude = (BigInt.asUintN(64, reader.int64()) << 64n) | BigInt.asUintN(64, reader.int64());
  return isNegative ? -magnitude : magnitude;
}
