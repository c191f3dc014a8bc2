import { type ByteReader, type ByteWriter, utf8Decode, utf8Encode } from '../../base/bytes.ts';

export function packText(writer: ByteWriter, text: string): void {
  const bytes = utf8Encode(text);
  writer.uvarint(bytes.length).raw(bytes);
}

export const unpackText = (reader: ByteReader): string => utf8Decode(reader.raw(reader.uvarint()));

export function packList<T>(writer: ByteWriter, items: readonly T[], pack: (item: T) => void): void {
  writer.uvarint(items.length);
  for (const item of items) pack(item);
}

export function unpackList<T>(reader: ByteReader, unpack: () => T): T[] {
  const count = reader.uvarint();
  const items: T[] = [];
  for (let place = 0; place < count; place++) items.push(unpack());
  return items;
}

/** Texts that occur many times, each stored once; 0 stands for none. */
export class TextNumbers {
  readonly texts: string[] = [];
  private readonly numbers = new Map<string, number>();

  numberOf(text: string | null): number {
    if (text === null) return 0;
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    this.texts.push(text);
    this.numbers.set(text, this.texts.length);
    return this.texts.length;
  }
}

/** A time in milliseconds: more than the 32 bits of a plain varint. */
export const packTime = (writer: ByteWriter, timeMs: number): ByteWriter => writer.uvarlong(BigInt(timeMs));
export const unpackTime = (reader: ByteReader): number => Number(reader.uvarlong());
