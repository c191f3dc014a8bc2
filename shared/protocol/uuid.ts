import { assert } from '../base/assert.ts';
import type { ByteReader } from '../base/bytes.ts';

/** Kafka's word for "no topic id". */
export const zeroUuid = '00000000-0000-0000-0000-000000000000';

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const dashPlaces = new Set([4, 6, 8, 10]);

/**
 * Ids lately read, each at the slot that its bits name: the same few topics come again and again, and a
 * lookup is a tenth of spelling one out. A slot is simply overwritten, so what is remembered is bounded.
 */
const slotCount = 1024;
const slotWords = new Uint32Array(slotCount * 4);
const slotTexts: string[] = new Array<string>(slotCount).fill(zeroUuid);

/** 16 bytes as the 36-character form. */
export function decodeUuid(reader: ByteReader): string {
  const { bytes } = reader;
  const start = reader.position;
  const a = reader.uint32();
  const b = reader.uint32();
  const c = reader.uint32();
  const d = reader.uint32();
  const slot = (a ^ (b >>> 7) ^ (c >>> 3) ^ d) & (slotCount - 1);
  const at = slot * 4;
  const isKnown =
    slotWords[at] === a && slotWords[at + 1] === b && slotWords[at + 2] === c && slotWords[at + 3] === d;
  if (isKnown) return slotTexts[slot] as string;
  const text = spell(bytes, start);
  slotWords.set([a, b, c, d], at);
  slotTexts[slot] = text;
  return text;
}

function spell(bytes: Uint8Array, start: number): string {
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (dashPlaces.has(i)) text += '-';
    text += hexOfByte[bytes[start + i] as number];
  }
  return text;
}

const notHex = 0xff;
const nibbleOfCode = Uint8Array.from({ length: 128 }, (_, code) => {
  const nibble = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return nibble < 0 ? notHex : nibble;
});
const dashAt = [8, 13, 18, 23];

/** Writes the 16 bytes of a 36-character id to `bytes` from `at` on. */
export function encodeUuid(text: string, bytes: Uint8Array, at: number): void {
  let position = 0;
  let isHex = text.length === 36 && dashAt.every((place) => text[place] === '-');
  for (let i = at; i < at + 16; i++) {
    if (text.charCodeAt(position) === 0x2d) position++;
    const high = nibbleOfCode[text.charCodeAt(position)] ?? notHex;
    const low = nibbleOfCode[text.charCodeAt(position + 1)] ?? notHex;
    position += 2;
    isHex &&= high !== notHex && low !== notHex;
    bytes[i] = (high << 4) | low;
  }
  assert(isHex, `${text} is no uuid`);
}
