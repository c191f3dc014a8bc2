const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));
const round = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);

/** XXH32 with seed 0, the checksum of LZ4 frames. Unsigned. */
export function xxhash32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let position = 0;
  let hash = prime5;
  if (bytes.length >= 16) {
    let [a, b, c, d] = [(prime1 + prime2) | 0, prime2, 0, -prime1 | 0];
    for (; position + 16 <= bytes.length; position += 16) {
      a = round(a, view.getInt32(position, true));
      b = round(b, view.getInt32(position + 4, true));
      c = round(c, view.getInt32(position + 8, true));
      d = round(d, view.getInt32(position + 12, true));
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
  }
  hash = (hash + bytes.length) | 0;
  for (; position + 4 <= bytes.length; position += 4) {
    hash = (hash + Math.imul(view.getInt32(position, true), prime3)) | 0;
    hash = Math.imul(rotate(hash, 17), prime4);
  }
  for (; position < bytes.length; position++) {
    hash = (hash + Math.imul(bytes[position] as number, prime5)) | 0;
    hash = Math.imul(rotate(hash, 11), prime1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
