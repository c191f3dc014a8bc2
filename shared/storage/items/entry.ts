import { ByteReader, ByteWriter, concatBytes, MalformedBytes } from '../../base/bytes.ts';
import { type Ulid, ulidFromBytes, ulidToBytes } from '../../base/ulid.ts';

/**
 * What a head or a page knows of one batch, in about 40 bytes. Its base offset is not stored: it follows from
 * the `paged` of the head (or the base of the page) and the record counts before it.
 */
export type Entry = {
  /** Kafka records in the batch, or offsets that a gap spans. */
  recordCount: number;
  /** The size of the batch as stored. */
  sizeBytes: number;
  maxTimestamp: bigint;
  producer?: EntryProducer;
  at: EntryPlace;
};

/** Who wrote an idempotent batch, and as its which one. */
export type EntryProducer = { producerId: bigint; producerEpoch: number; baseSequence: number };

export type EntryPlace =
  /** The batch itself lies in the entry; `id` (8 random bytes) tells equal batches apart. */
  | { kind: 'embedded'; id: Uint8Array; batch: Uint8Array }
  /** In a payload item of its own. */
  | { kind: 'item'; id: Ulid }
  /** In an object, perhaps beside batches of other partitions. */
  | { kind: 'object'; id: Ulid; position: number }
  /** A control batch that ends a transaction which began at `firstOffset`. */
  | { kind: 'marker'; id: Uint8Array; batch: Uint8Array; firstOffset: bigint }
  /** Offsets without records (after a restore): readers step over it. */
  | { kind: 'gap' };

const kinds = ['embedded', 'item', 'object', 'marker', 'gap'] as const;
const format = 1;
const hasProducer = 1;

export const entryIdBytes = 8;
/** The largest an entry can be without the batch inside it. */
export const entryOverheadBytesMax = 64;

export function encodeEntry(entry: Entry): Uint8Array {
  const { at, producer } = entry;
  const writer = new ByteWriter(entryOverheadBytesMax);
  writer.uint8((format << 4) | kinds.indexOf(at.kind)).uint8(producer ? hasProducer : 0);
  if (at.kind === 'item' || at.kind === 'object') writer.raw(ulidToBytes(at.id));
  if (at.kind === 'embedded' || at.kind === 'marker') writer.raw(at.id);
  writer.uvarint(entry.recordCount).uvarint(entry.sizeBytes).varlong(entry.maxTimestamp);
  if (producer) {
    writer.uvarlong(producer.producerId).uvarint(producer.producerEpoch).uvarint(producer.baseSequence);
  }
  if (at.kind === 'object') writer.uvarint(at.position);
  if (at.kind === 'marker') writer.uvarlong(at.firstOffset);
  const head = writer.finish();
  return at.kind === 'embedded' || at.kind === 'marker' ? concatBytes([head, at.batch]) : head;
}

export function decodeEntry(bytes: Uint8Array): Entry {
  const reader = new ByteReader(bytes);
  const first = reader.uint8();
  const kind = kinds[first & 0x0f];
  if (first >> 4 !== format || kind === undefined) {
    throw new MalformedBytes(
      `an entry of format ${first >> 4}, kind ${first & 0x0f}: written by a newer version?`,
    );
  }
  const flags = reader.uint8();
  const id = readId(kind, reader);
  const recordCount = reader.uvarint();
  const sizeBytes = reader.uvarint();
  const maxTimestamp = reader.varlong();
  const producer =
    flags & hasProducer
      ? { producerId: reader.uvarlong(), producerEpoch: reader.uvarint(), baseSequence: reader.uvarint() }
      : undefined;
  const at = readPlace(kind, id, reader);
  return { recordCount, sizeBytes, maxTimestamp, at, ...(producer ? { producer } : {}) };
}

function readId(kind: (typeof kinds)[number], reader: ByteReader): Uint8Array {
  if (kind === 'gap') return new Uint8Array();
  return reader.raw(kind === 'item' || kind === 'object' ? 16 : entryIdBytes);
}

function readPlace(kind: (typeof kinds)[number], id: Uint8Array, reader: ByteReader): EntryPlace {
  if (kind === 'item') return { kind, id: ulidFromBytes(id) };
  if (kind === 'object') return { kind, id: ulidFromBytes(id), position: reader.uvarint() };
  if (kind === 'marker')
    return { kind, firstOffset: reader.uvarlong(), id, batch: reader.raw(reader.remaining) };
  if (kind === 'embedded') return { kind, id, batch: reader.raw(reader.remaining) };
  return { kind };
}

/** Whether two entries stand for the same stored bytes. */
export function isSamePlace(a: EntryPlace, b: EntryPlace): boolean {
  if (a.kind === 'object') return b.kind === 'object' && a.id === b.id && a.position === b.position;
  if (a.kind === 'item') return b.kind === 'item' && a.id === b.id;
  if (a.kind === 'gap' || b.kind === 'gap' || a.kind !== b.kind) return false;
  return Buffer.compare(a.id, b.id) === 0;
}

/** An entry with the offsets it stands for. */
export type PlacedEntry = Entry & { baseOffset: bigint; nextOffset: bigint };

/** Entries one after another, the first at `baseOffset`. */
export function placeEntries(baseOffset: bigint, encoded: readonly Uint8Array[]): PlacedEntry[] {
  let offset = baseOffset;
  return encoded.map((bytes) => {
    const entry = decodeEntry(bytes);
    const placed = { ...entry, baseOffset: offset, nextOffset: offset + BigInt(entry.recordCount) };
    offset = placed.nextOffset;
    return placed;
  });
}
