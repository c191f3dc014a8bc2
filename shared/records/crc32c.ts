/** Tables for 16 bytes a step: table k holds the remainder of a byte that is followed by k zero bytes. */
const tables = makeTables();

function makeTables(): Int32Array[] {
  const reversedPolynomial = 0x82f63b78; // Castagnoli, RFC 3720
  const first = Int32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ reversedPolynomial : remainder >>> 1;
    }
    return remainder;
  });
  const made = [first];
  while (made.length < 16) {
    const shorter = made.at(-1) as Int32Array;
    made.push(shorter.map((remainder) => (remainder >>> 8) ^ at(first, remainder & 0xff)));
  }
  return made;
}

function at(table: Int32Array, index: number): number {
  return table[index] as number;
}

/** CRC-32C in JavaScript, for where no native module may run. Unsigned. */
export function crc32c(bytes: Uint8Array): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11, t12, t13, t14, t15] = tables as Sixteen;
  const steps = bytes.length - (bytes.length % 16);
  let crc = -1;
  let i = 0;
  for (; i < steps; i += 16) {
    const a = crc ^ word(bytes, i);
    const b = word(bytes, i + 4);
    const c = word(bytes, i + 8);
    const d = word(bytes, i + 12);
    crc =
      at(t15, a & 0xff) ^
      at(t14, (a >>> 8) & 0xff) ^
      at(t13, (a >>> 16) & 0xff) ^
      at(t12, a >>> 24) ^
      at(t11, b & 0xff) ^
      at(t10, (b >>> 8) & 0xff) ^
      at(t9, (b >>> 16) & 0xff) ^
      at(t8, b >>> 24) ^
      at(t7, c & 0xff) ^
      at(t6, (c >>> 8) & 0xff) ^
      at(t5, (c >>> 16) & 0xff) ^
      at(t4, c >>> 24) ^
      at(t3, d & 0xff) ^
      at(t2, (d >>> 8) & 0xff) ^
      at(t1, (d >>> 16) & 0xff) ^
      at(t0, d >>> 24);
  }
  for (; i < bytes.length; i++) crc = (crc >>> 8) ^ at(t0, (crc ^ (bytes[i] as number)) & 0xff);
  return ~crc >>> 0;
}

type Table = Int32Array;
type Four = [Table, Table, Table, Table];
type Sixteen = [...Four, ...Four, ...Four, ...Four];

/** Four bytes from `i` on, little-endian. */
function word(bytes: Uint8Array, i: number): number {
  return (
    (bytes[i] as number) |
    ((bytes[i + 1] as number) << 8) |
    ((bytes[i + 2] as number) << 16) |
    ((bytes[i + 3] as number) << 24)
  );
}
