import { CompressionError } from './compression.ts';
import { copyMatch, copyRun } from './growing-output.ts';

// The LZ4 block format: sequences of a token (two lengths of four bits), literals, and a match of at least
// four bytes at most 65,535 back. A length of 15 goes on in further bytes. The last sequence has literals
// only.

const matchBytesMin = 4;
const lastLiterals = 5; // a block ends with at least so many literals
const lastMatchStart = 12; // and its last match begins at least so far before its end

const corrupt = (message: string): CompressionError =>
  new CompressionError('corrupt', `bad LZ4 block: ${message}`);

/**
 * Writes what the block `from[start, end)` holds to `to[at, limit)`; it refers to nothing before `at`.
 * Returns where it ends, or -1 if it does not fit.
 */
export function decompressLz4Block(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  limit: number,
): number {
  let position = start;
  let written = at;
  const longLength = (): number => {
    let sum = 15;
    for (let byte = 255; byte === 255; sum += byte) {
      if (position >= end) throw corrupt('it ends in a length');
      byte = from[position++] as number;
    }
    return sum;
  };
  while (position < end) {
    const token = from[position++] as number;
    const literals = token >>> 4 === 15 ? longLength() : token >>> 4;
    if (literals > end - position) throw corrupt('it ends in literals');
    if (literals > limit - written) return -1;
    copyRun(from, position, to, written, literals);
    position += literals;
    written += literals;
    if (position === end) return written;
    if (end - position < 2) throw corrupt('it ends in a match');
    const distance = (from[position] as number) | ((from[position + 1] as number) << 8);
    position += 2;
    if (distance === 0 || distance > written - at) throw corrupt('a match before its start');
    const matched = ((token & 15) === 15 ? longLength() : token & 15) + matchBytesMin;
    if (matched > limit - written) return -1;
    copyMatch(to, written, distance, matched);
    written += matched;
  }
  throw corrupt('it ends with a match');
}

/** The most bytes that `compressLz4Block` writes for so many. */
export const lz4BlockBytesMax = (length: number): number => length + Math.ceil(length / 255) + 16;

/**
 * Finds matches by a table of where four bytes were last seen. Positions in it go on from block to block, so
 * that it need not be cleared: whatever lies before `base` belongs to another block.
 */
const table = new Int32Array(1 << 13);
let base = 1;

const hashAt = (bytes: Uint8Array, i: number): number => Math.imul(wordAt(bytes, i), 0x9e3779b1) >>> 19;

const wordAt = (bytes: Uint8Array, i: number): number =>
  (bytes[i] as number) |
  ((bytes[i + 1] as number) << 8) |
  ((bytes[i + 2] as number) << 16) |
  ((bytes[i + 3] as number) << 24);

/**
 * Compresses `from[start, end)`, at most 64 KiB, into `to` from `at` on, where `lz4BlockBytesMax` bytes are
 * free. Returns where it ends.
 */
export function compressLz4Block(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
): number {
  const matchEnd = end - lastLiterals;
  let written = at;
  let anchor = start; // where the literals begin that are not written yet
  let misses = 0;
  for (let i = start; i <= end - lastMatchStart; ) {
    const hash = hashAt(from, i);
    const candidate = (table[hash] as number) - base + start;
    table[hash] = i - start + base;
    if (candidate < start || wordAt(from, candidate) !== wordAt(from, i)) {
      i += 1 + (misses++ >>> 6); // data without matches is passed over in ever larger steps
      continue;
    }
    misses = 0;
    let length = matchBytesMin;
    while (i + length < matchEnd && from[candidate + length] === from[i + length]) length++;
    written = writeSequence(from, anchor, i, to, written, length - matchBytesMin);
    to[written++] = (i - candidate) & 0xff;
    to[written++] = (i - candidate) >>> 8;
    written = writeLongLength(to, written, length - matchBytesMin);
    i += length;
    anchor = i;
  }
  base += end - start;
  if (base > 0x7000_0000) {
    base = 1;
    table.fill(0);
  }
  return writeSequence(from, anchor, end, to, written, 0);
}

/** Token and literals; the match follows. */
function writeSequence(
  from: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  at: number,
  matchLength: number,
): number {
  const literals = end - start;
  to[at] = (Math.min(literals, 15) << 4) | Math.min(matchLength, 15);
  const written = writeLongLength(to, at + 1, literals);
  copyRun(from, start, to, written, literals);
  return written + literals;
}

/** The bytes of a length beyond the 15 that fit into the token, none if it fits. */
function writeLongLength(to: Uint8Array, at: number, length: number): number {
  if (length < 15) return at;
  let written = at;
  let rest = length - 15;
  for (; rest >= 255; rest -= 255) to[written++] = 255;
  to[written++] = rest;
  return written;
}
