const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/** The 32-bit murmur2 hash as Kafka's Java client computes it, as a signed number. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wordsEnd = bytes.length - (bytes.length % 4);
  let hash = seed ^ bytes.length;
  for (let i = 0; i < wordsEnd; i += 4) {
    let word = Math.imul(view.getInt32(i, true), multiplier);
    word ^= word >>> 24;
    hash = Math.imul(hash, multiplier) ^ Math.imul(word, multiplier);
  }
  for (let i = bytes.length - 1; i >= wordsEnd; i--) hash ^= (bytes[i] as number) << (8 * (i - wordsEnd));
  if (wordsEnd < bytes.length) hash = Math.imul(hash, multiplier);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, multiplier);
  return (hash ^ (hash >>> 15)) | 0;
}

/**
 * The partition of a record with a key when the producer names none: the one that Kafka's Java client,
 * kafkajs and ours choose, so that all records of a key meet. librdkafka chooses otherwise unless told so.
 */
export const partitionForKey = (key: Uint8Array, partitionCount: number): number =>
  (murmur2(key) & 0x7fff_ffff) % partitionCount;
