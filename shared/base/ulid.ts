import { ulid as newUlid } from 'ulid';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** 26 characters that sort by time: milliseconds since 1970, then 80 random bits. */
export type Ulid = string;

export const ulid = (clock: Clock, random: Random): Ulid => newUlid(clock.nowMs(), () => random.next());
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const noDigit = 0xff;
/** The value of a digit by its character code. */
const digitOf = new Uint8Array(128).fill(noDigit);
for (let value = 0; value < alphabet.length; value++) digitOf[alphabet.charCodeAt(value)] = value;

const textLength = 26;
const bytesLength = 16;
const timeDigits = 10;

/** When it was made, in milliseconds since 1970. Throws where the text is no ULID. */
export function ulidTimeMs(id: Ulid): number {
  let ms = 0;
  for (let place = 0; place < timeDigits; place++) {
    const digit = digitAt(id, place);
    if (digit === noDigit || id.length !== textLength) throw new Error(`"${id}" is no ULID`);
    ms = ms * 32 + digit;
  }
  return ms;
}

/** The 16 bytes of an ULID: half its text. */
export function ulidToBytes(id: Ulid): Uint8Array {
  const bytes = new Uint8Array(bytesLength);
  let held = 0;
  let heldBits = 0;
  let at = bytesLength;
  for (let place = textLength - 1; at > 0; place--) {
    held |= (digitAt(id, place) & 31) << heldBits;
    heldBits += 5;
    if (heldBits < 8) continue;
    bytes[--at] = held;
    held >>>= 8;
    heldBits -= 8;
  }
  return bytes;
}

export function ulidFromBytes(bytes: Uint8Array): Ulid {
  let text = '';
  let held = 0;
  let heldBits = 2; // 26 digits of 5 bits are two bits more than 16 bytes
  for (let at = 0; at < bytesLength; at++) {
    held = (held << 8) | (bytes[at] ?? 0);
    heldBits += 8;
    for (; heldBits >= 5; heldBits -= 5) text += alphabet.charAt((held >>> (heldBits - 5)) & 31);
    held &= 31;
  }
  return text;
}

const digitAt = (id: Ulid, place: number): number => digitOf[id.charCodeAt(place)] ?? noDigit;
