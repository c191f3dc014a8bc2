import { CompressionError } from './compression.ts';

// The outside of zstd frames (RFC 8878), read before any decoder sees them: what a frame may become at most
// is known from its blocks, so that memory is bounded whether or not it tells its size, truly or not.

export type ZstdFrame = {
  readonly bytes: Uint8Array;
  /** What it says it holds, undefined if it does not tell. */
  readonly contentBytes: number | undefined;
  /** The most it may hold. */
  readonly contentBytesMax: number;
};

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50; // and the fifteen after it
const blockBytesMax = 128 * 1024;
/** The largest window that decoders accept unasked. */
const windowBytesMax = 2 ** 27;

const corrupt = (message: string): CompressionError =>
  new CompressionError('corrupt', `bad zstd frame: ${message}`);

/** The frames that make up the bytes, without the skippable ones. Throws `corrupt` if they are none. */
export function* zstdFrames(bytes: Uint8Array): Generator<ZstdFrame, void, undefined> {
  let position = 0;
  while (position < bytes.length) {
    const reader = new FrameReader(bytes, position);
    const magic = reader.number(4);
    if ((magic & 0xffff_fff0) >>> 0 === skippableMagic) {
      reader.skip(reader.number(4));
    } else {
      if (magic !== frameMagic) throw corrupt('its magic number is wrong');
      const content = readFrame(reader);
      yield { bytes: bytes.subarray(position, reader.position), ...content };
    }
    position = reader.position;
  }
}

class FrameReader {
  position: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, position: number) {
    this.bytes = bytes;
    this.position = position;
  }

  /** Unsigned, little-endian. */
  number(length: number): number {
    const start = this.position;
    this.skip(length);
    let value = 0;
    for (let i = 0; i < length; i++) value += (this.bytes[start + i] as number) * 2 ** (8 * i);
    return value;
  }

  skip(length: number): void {
    if (length > this.bytes.length - this.position) throw corrupt('it ends too early');
    this.position += length;
  }
}

/** Reads a frame after its magic number. */
function readFrame(reader: FrameReader): Omit<ZstdFrame, 'bytes'> {
  const descriptor = reader.number(1);
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  if (descriptor & 0b1000) throw corrupt('a reserved bit');
  let windowBytes = isSingleSegment ? 0 : readWindow(reader.number(1));
  const dictionaryIdBytes = [0, 1, 2, 4][descriptor & 0b11] as number;
  if (reader.number(dictionaryIdBytes) !== 0) throw corrupt('it needs a dictionary');
  const contentBytes = readContentBytes(reader, descriptor >>> 6, isSingleSegment);
  if (isSingleSegment) windowBytes = contentBytes ?? 0;
  else if (windowBytes > windowBytesMax) throw corrupt(`a window of ${windowBytes} bytes`);
  const contentBytesMax = readBlocks(reader, Math.min(windowBytes, blockBytesMax));
  if (descriptor & 0b100) reader.skip(4); // checksum of the content: the decoder's business
  if (contentBytes !== undefined && contentBytes > contentBytesMax) {
    throw corrupt(`${contentBytes} bytes announced where ${contentBytesMax} fit`);
  }
  return { contentBytes, contentBytesMax };
}

function readWindow(byte: number): number {
  const base = 2 ** (10 + (byte >>> 3));
  return base + (base / 8) * (byte & 7);
}

function readContentBytes(reader: FrameReader, flag: number, isSingleSegment: boolean): number | undefined {
  if (flag === 0) return isSingleSegment ? reader.number(1) : undefined;
  return flag === 1 ? reader.number(2) + 256 : reader.number(flag === 2 ? 4 : 8);
}

/** Skips the blocks of a frame; returns the most they may hold. */
function readBlocks(reader: FrameReader, blockContentMax: number): number {
  let bound = 0;
  for (let isLast = false; !isLast; ) {
    const header = reader.number(3);
    const type = (header >>> 1) & 0b11;
    const size = header >>> 3;
    isLast = (header & 1) === 1;
    if (type === 3 || size > blockContentMax) throw corrupt(`a block of type ${type} and ${size} bytes`);
    reader.skip(type === 1 ? 1 : size); // 0 raw, 1 one byte repeated, 2 compressed
    bound += type === 2 ? blockContentMax : size;
  }
  return bound;
}
