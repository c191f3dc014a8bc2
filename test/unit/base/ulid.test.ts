import { decodeTime } from 'ulid';
import { expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import { ulid, ulidFromBytes, ulidTimeMs, ulidToBytes } from '../../../shared/base/ulid.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const numberOf = (id: string): bigint =>
  [...id].reduce((value, character) => value * 32n + BigInt(alphabet.indexOf(character)), 0n);
const ids = (): string[] => {
  const random = seededRandom(1);
  const some = Array.from({ length: 500 }, (_, n) =>
    ulid({ nowMs: () => n * 7_919_000_001 } as never, random),
  );
  return [...some, '0'.repeat(26), `7${'Z'.repeat(25)}`];
};

test('the bytes of a ULID are its number, and its text comes back from them', () => {
  for (const id of ids()) {
    const bytes = ulidToBytes(id);
    expect(BigInt(`0x${Buffer.from(bytes).toString('hex')}`)).toBe(numberOf(id));
    expect(ulidFromBytes(bytes)).toBe(id);
    expect(ulidFromBytes(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3))).toBe(id);
  }
});

test('the time of a ULID is what its first ten digits say', () => {
  for (const id of ids()) expect(ulidTimeMs(id)).toBe(decodeTime(id));
});

test('what is no ULID has no time', () => {
  for (const text of ['', '01ARZ3NDEKTSV4RRFFQ69G5FA', `01ARZ3NDEU${'0'.repeat(16)}`, `é${'0'.repeat(25)}`])
    expect(() => ulidTimeMs(text), text).toThrow('no ULID');
});
