import { decodeTime, ulid as newUlid } from 'ulid';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

/** 26 characters that sort by time: milliseconds since 1970, then 80 random bits. */
export type Ulid = string;

export const ulid = (clock: Clock, random: Random): Ulid => newUlid(clock.nowMs(), () => random.next());
/** When it was made, in milliseconds since 1970. */
export const ulidTimeMs = (id: Ulid): number => decodeTime(id);

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const digitOf = new Map([...alphabet].map((character, value) => [character, BigInt(value)]));

/** The 16 bytes of an ULID: half its text. */
export function ulidToBytes(id: Ulid): Uint8Array {
  let value = 0n;
  for (const character of id) value = (value << 5n) | (digitOf.get(character) ?? 0n);
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, value >> 64n);
  new DataView(bytes.buffer).setBigUint64(8, BigInt.asUintN(64, value));
  return bytes;
}

export function ulidFromBytes(bytes: Uint8Array): Ulid {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  let value = (view.getBigUint64(0) << 64n) | view.getBigUint64(8);
  let text = '';
  for (let position = 0; position < 26; position++) {
    text = alphabet.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}
