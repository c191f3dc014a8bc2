import { CompressionError } from './compression.ts';
import { copyMatch, copyRun } from './growing-output.ts';

// The raw Snappy format: the length of the content as a varint, then elements. The two lowest bits of an
// element's first byte say what it is: a literal, or a copy with a distance of 11, 16 or 32 bits.

const corrupt = (message: string): CompressionError =>
  new CompressionError('corrupt', `bad Snappy block: ${message}`);

/** Three bytes copy at most 64, so no block can hold more for its size. */
const expansionMax = 22;

/**
 * How many bytes the block says it holds, and where its elements begin. Throws `corrupt` for what cannot be
 * true, so that a lie costs no memory, and `tooLarge` beyond `maxBytes`.
 */
function snappyBlockLength(block: Uint8Array, maxBytes: number): { length: number; start: number } {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (length > block.length * expansionMax) throw corrupt(`${length} bytes in ${block.length}`);
    if (length > maxBytes) {
      throw new CompressionError('tooLarge', `the data becomes larger than ${maxBytes} bytes`);
    }
    return { length, start: i + 1 };
  }
  throw corrupt('its length');
}

/** What a block holds. Throws a `CompressionError` on bad data and beyond `maxBytes`. */
export function uncompressSnappyBlock(block: Uint8Array, maxBytes: number): Uint8Array {
  const { length, start } = snappyBlockLength(block, maxBytes);
  const output = new Uint8Array(length);
  let written = 0;
  let position = start;
  const number = (bytes: number): number => {
    if (bytes > block.length - position) throw corrupt('it ends in an element');
    let value = 0;
    for (let i = 0; i < bytes; i++) value |= (block[position++] as number) << (8 * i);
    return value >>> 0;
  };
  while (position < block.length) {
    const tag = block[position++] as number;
    const kind = tag & 3;
    let count = (tag >>> 2) + 1;
    if (kind === 0) {
      if (count > 60) count = number(count - 60) + 1;
      if (count > block.length - position || count > length - written) throw corrupt('a literal');
      copyRun(block, position, output, written, count);
      position += count;
    } else {
      let distance: number;
      if (kind === 1) {
        count = ((tag >>> 2) & 7) + 4;
        distance = ((tag >>> 5) << 8) + number(1);
      } else distance = number(kind === 2 ? 2 : 4);
      if (distance === 0 || distance > written) throw corrupt('a copy from before its start');
      if (count > length - written) throw corrupt('a copy');
      copyMatch(output, written, distance, count);
    }
    written += count;
  }
  if (written !== length) throw corrupt(`${written} bytes where ${length} are announced`);
  return output;
}
