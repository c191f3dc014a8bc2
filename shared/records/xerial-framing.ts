import { areEqualBytes, concatBytes } from '../base/bytes.ts';
import { CompressionError } from './compression.ts';

// Kafka's Java client wraps Snappy blocks in the framing of the snappy-java library: a header of 16 bytes
// (magic, version, oldest compatible version), then blocks, each with its length. librdkafka sends one bare
// block.

const magic = new Uint8Array([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const headerBytes = 16;
const version = 1;
/** What snappy-java puts into a block. */
const blockBytes = 32 * 1024;

const corrupt = (message: string): CompressionError =>
  new CompressionError('corrupt', `bad Snappy framing: ${message}`);

export function compressXerial(
  bytes: Uint8Array,
  compressBlock: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header.set(magic);
  new DataView(header.buffer).setInt32(8, version);
  new DataView(header.buffer).setInt32(12, version);
  const parts: Uint8Array[] = [header];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = compressBlock(bytes.subarray(start, start + blockBytes));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setInt32(0, block.length);
    parts.push(length, block);
  }
  return concatBytes(parts);
}

/** With the framing or without. Throws a `CompressionError` on bad data and beyond `maxBytes`. */
export function uncompressXerial(
  bytes: Uint8Array,
  maxBytes: number,
  uncompressBlock: (block: Uint8Array, maxBytes: number) => Uint8Array,
): Uint8Array {
  if (!startsWithHeader(bytes, 0)) return uncompressBlock(bytes, maxBytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let position = 0; position < bytes.length; ) {
    // Streams that were put one after the other bring their headers along.
    if (startsWithHeader(bytes, position)) {
      if (view.getInt32(position + 12) > version) throw corrupt('its version');
      position += headerBytes;
      continue;
    }
    if (bytes.length - position < 4) throw corrupt('it ends in a length');
    const size = view.getInt32(position);
    position += 4;
    if (size <= 0 || size > bytes.length - position) throw corrupt(`a block of ${size} bytes`);
    const part = uncompressBlock(bytes.subarray(position, position + size), maxBytes - length);
    length += part.length;
    parts.push(part);
    position += size;
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

const startsWithHeader = (bytes: Uint8Array, position: number): boolean =>
  bytes.length - position >= headerBytes &&
  bytes[position] === magic[0] &&
  areEqualBytes(bytes.subarray(position, position + magic.length), magic);
