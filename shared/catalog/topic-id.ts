import type { Random } from '../base/random.ts';
import type { TopicId } from '../kafka/topic-partition.ts';

/**
 * 16 fresh random bytes whose base64url form does not begin with '-': Kafka avoids that for all its ids,
 * since command lines would take it for an option.
 */
export function randomId(random: Random): Uint8Array {
  const bytes = random.bytes(16);
  const first = bytes[0] as number;
  const isDash = first >> 2 === 62;
  return isDash ? Uint8Array.from(bytes, (byte, index) => (index === 0 ? byte ^ 0x80 : byte)) : bytes;
}

/** A fresh topic id: a random UUID (RFC 9562, version 4). */
export function newTopicId(random: Random): TopicId {
  const bytes = randomId(random);
  const version = ((bytes[6] as number) & 0x0f) | 0x40;
  const variant = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Buffer.from([...bytes.slice(0, 6), version, bytes[7] as number, variant, ...bytes.slice(9)]);
  return hex.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
