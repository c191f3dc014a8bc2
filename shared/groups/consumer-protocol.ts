import { ByteReader, ByteWriter, MalformedBytes, utf8Decode, utf8Encode } from '../base/bytes.ts';
import type { TopicPartition } from '../kafka/topic-partition.ts';

/** The bytes that clients of the protocol type `consumer` exchange through their group. */

/**
 * The topics that a member's metadata names in the protocol type `consumer`: version, then the names, as in
 * every version of ConsumerProtocolSubscription; what follows is not read. Undefined: it is something else.
 */
export function subscribedTopics(metadata: Uint8Array): string[] | undefined {
  return readOr(() => {
    const reader = new ByteReader(metadata);
    if (reader.int16() < 0) return undefined;
    const count = reader.int32();
    if (count < 0 || count > reader.remaining / 2) return undefined;
    return Array.from({ length: count }, () => utf8Decode(reader.raw(reader.int16())));
  });
}

/** The partitions of a ConsumerProtocolAssignment of any version. Undefined: it is something else. */
export function assignedPartitions(assignment: Uint8Array): TopicPartition[] | undefined {
  if (assignment.length === 0) return [];
  return readOr(() => {
    const reader = new ByteReader(assignment);
    if (reader.int16() < 0) return undefined;
    const partitions: TopicPartition[] = [];
    const topics = reader.elements(reader.int32(), 6);
    for (let at = 0; at < topics; at++) {
      const topic = utf8Decode(reader.raw(reader.int16()));
      const count = reader.elements(reader.int32(), 4);
      for (let each = 0; each < count; each++) partitions.push({ topic, partition: reader.int32() });
    }
    return partitions;
  });
}

function readOr<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedBytes || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** A ConsumerProtocolSubscription of version 0: the names in order, and nothing else. */
export function encodeSubscription(topics: readonly string[]): Uint8Array {
  const writer = new ByteWriter().int16(0).int32(topics.length);
  for (const topic of topics) writeText(writer, topic);
  return writer.int32(-1).finish();
}

/** A ConsumerProtocolAssignment of version 0. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Uint8Array {
  const byTopic = new Map<string, number[]>();
  for (const { topic, partition } of partitions) {
    const known = byTopic.get(topic);
    if (known === undefined) byTopic.set(topic, [partition]);
    else known.push(partition);
  }
  const writer = new ByteWriter().int16(0).int32(byTopic.size);
  for (const [topic, numbers] of byTopic) {
    writeText(writer, topic);
    writer.int32(numbers.length);
    for (const number of numbers) writer.int32(number);
  }
  return writer.int32(-1).finish();
}

function writeText(writer: ByteWriter, text: string): void {
  const bytes = utf8Encode(text);
  writer.int16(bytes.length).raw(bytes);
}
