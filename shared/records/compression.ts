/** The compression types of record batches; the index of a type is its number in the batch's attributes. */
export const compressionTypes = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CompressionType = (typeof compressionTypes)[number];

/**
 * Compressed data that could not be read. `corrupt`: the bytes do not follow their format. `tooLarge`: they
 * would become larger than the caller allows; the output was not allocated beyond that bound.
 */
export class CompressionError extends Error {
  override name = 'CompressionError';
  readonly kind: 'corrupt' | 'tooLarge';

  constructor(kind: 'corrupt' | 'tooLarge', message: string, options?: { cause: unknown }) {
    super(message, options);
    this.kind = kind;
  }
}

export const tooLarge = (type: CompressionType, maxBytes: number): CompressionError =>
  new CompressionError('tooLarge', `${type} data becomes larger than ${maxBytes} bytes`);

/**
 * The arithmetic of record batches that exists natively and in JavaScript: compression and CRC32C. The
 * runtime chooses an implementation once and hands it to whoever reads or writes batches.
 */
export type RecordCodecs = {
  /** In the form Apache Kafka's own clients write: gzip member, Xerial framing, LZ4 frame, zstd frame. */
  compress(type: CompressionType, bytes: Uint8Array): Uint8Array;
  /** Throws a `CompressionError` on bad data and when the result would exceed `maxBytes`. */
  decompress(type: CompressionType, bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** CRC-32C (Castagnoli) as an unsigned number. */
  crc32c(bytes: Uint8Array): number;
};

/** The same bytes without the ways of a Buffer, whose `slice` does not copy. */
export const plainBytes = (buffer: Uint8Array): Uint8Array =>
  new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
