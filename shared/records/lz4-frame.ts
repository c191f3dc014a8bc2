import { CompressionError, tooLarge } from './compression.ts';
import { GrowingOutput } from './growing-output.ts';
import { compressLz4Block, decompressLz4Block, lz4BlockBytesMax } from './lz4-block.ts';
import { xxhash32 } from './xxhash32.ts';

// The LZ4 frame format as far as Kafka uses it: one frame, independent blocks, no dictionary. What Apache
// Kafka's reader refuses (linked blocks, a wrong header checksum, another version) is refused here too, for
// a consumer could not read it. The wrong header checksum of clients before 0.10 belongs to magic 0, which
// is not taken.

const frameMagic = 0x184d2204;
const versionBits = 0b0100_0000;
const independentBlocks = 0b0010_0000;
const blockChecksums = 0b0001_0000;
const contentSize = 0b0000_1000;
const contentChecksum = 0b0000_0100;
const storedRaw = 0x8000_0000;
const blocksOf64KiB = 4;

const corrupt = (message: string): CompressionError =>
  new CompressionError('corrupt', `bad LZ4 frame: ${message}`);

/** Walks over the blocks of a frame. Throws `corrupt` when the frame is not what its header says. */
export class Lz4FrameReader {
  /** No block holds more than this. */
  readonly blockBytesMax: number;
  /** The block last read; a raw one is stored as it is. */
  blockStart = 0;
  blockEnd = 0;
  isRaw = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly flags: number;
  private position: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 7) throw corrupt('it ends in its header');
    if (this.view.getUint32(0, true) !== frameMagic) throw corrupt('its magic number is wrong');
    this.flags = bytes[4] as number;
    const blockSize = bytes[5] as number;
    if ((this.flags & 0b1100_0011) !== versionBits) throw corrupt(`flags ${this.flags}`);
    if ((this.flags & independentBlocks) === 0) throw corrupt('its blocks are linked');
    if ((blockSize & 0b1000_1111) !== 0 || blockSize >>> 4 < blocksOf64KiB) throw corrupt('its block size');
    this.blockBytesMax = 1 << (8 + 2 * (blockSize >>> 4));
    const headerEnd = this.flags & contentSize ? 14 : 6;
    if (bytes.length <= headerEnd) throw corrupt('it ends in its header');
    if (bytes[headerEnd] !== headerChecksum(bytes.subarray(4, headerEnd)))
      throw corrupt('its header checksum');
    this.position = headerEnd + 1;
  }

  /** False at the end of the frame. */
  next(): boolean {
    const size = this.word();
    const length = size & ~storedRaw;
    if (length === 0) {
      if (this.flags & contentChecksum) this.word(); // Kafka does not look at it: the batch has a CRC
      return false;
    }
    if (length > this.blockBytesMax) throw corrupt(`a block of ${length} bytes`);
    if (length > this.bytes.length - this.position) throw corrupt('it ends in a block');
    this.isRaw = size >= storedRaw;
    this.blockStart = this.position;
    this.blockEnd = this.position + length;
    this.position = this.blockEnd;
    if (this.flags & blockChecksums && this.word() !== xxhash32(this.block()))
      throw corrupt('a block checksum');
    return true;
  }

  private block(): Uint8Array {
    return this.bytes.subarray(this.blockStart, this.blockEnd);
  }

  private word(): number {
    if (this.bytes.length - this.position < 4) throw corrupt('it ends before its end mark');
    this.position += 4;
    return this.view.getUint32(this.position - 4, true);
  }
}

const headerChecksum = (descriptor: Uint8Array): number => (xxhash32(descriptor) >>> 8) & 0xff;

/** What a frame holds. Throws a `CompressionError` on bad data and beyond `maxBytes`. */
export function decompressLz4Frame(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const frame = new Lz4FrameReader(bytes);
  const output = new GrowingOutput(bytes.length * 4, maxBytes);
  while (frame.next()) {
    const { blockStart, blockEnd, isRaw, blockBytesMax } = frame;
    if (isRaw) {
      output.reserve(blockEnd - blockStart);
      output.bytes.set(bytes.subarray(blockStart, blockEnd), output.length);
      output.length += blockEnd - blockStart;
      continue;
    }
    const limit = output.reserveUpTo(blockBytesMax);
    const end = decompressLz4Block(bytes, blockStart, blockEnd, output.bytes, output.length, limit);
    if (end < 0 && limit - output.length === blockBytesMax) throw corrupt('a block exceeds its size');
    if (end < 0) throw tooLarge('lz4', maxBytes);
    output.length = end;
  }
  return output.finish();
}

/**
 * A frame as Kafka's own clients write it: independent blocks of 64 KiB, no sizes or checksums but the
 * header's.
 */
export function compressLz4Frame(bytes: Uint8Array): Uint8Array {
  const blockBytes = 64 * 1024;
  const blockCount = Math.ceil(bytes.length / blockBytes);
  const frame = new Uint8Array(
    7 + bytes.length + blockCount * (lz4BlockBytesMax(blockBytes) - blockBytes + 4) + 4,
  );
  const view = new DataView(frame.buffer);
  view.setUint32(0, frameMagic, true);
  frame[4] = versionBits | independentBlocks;
  frame[5] = blocksOf64KiB << 4;
  frame[6] = headerChecksum(frame.subarray(4, 6));
  let position = 7;
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.length);
    const blockEnd = compressLz4Block(bytes, start, end, frame, position + 4);
    if (blockEnd - position - 4 < end - start) {
      view.setUint32(position, blockEnd - position - 4, true);
      position = blockEnd;
    } else {
      view.setUint32(position, (end - start) | storedRaw, true);
      frame.set(bytes.subarray(start, end), position + 4);
      position += 4 + end - start;
    }
  }
  view.setUint32(position, 0); // the end mark
  return frame.slice(0, position + 4);
}
