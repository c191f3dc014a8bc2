import { assert } from '../base/assert.ts';
import { ByteReader, MalformedBytes } from '../base/bytes.ts';
import { codecOf } from './codec.ts';
import { frameLimits } from './frame.ts';
import { FrameWriter } from './frame-writer.ts';
import {
  array,
  bytes,
  type Fields,
  type GivenOf,
  int32,
  type Message,
  nullable,
  nullableString,
  type Of,
  optional,
  since,
  string,
} from './schema.ts';

// What consumers put into the opaque bytes of JoinGroup and SyncGroup: protocol type `consumer`. The broker
// only passes them on; tools and DescribeGroups look into them.

const topicPartitions = array({ topic: string, partitions: array(int32) });
const neverFlexible = Number.POSITIVE_INFINITY;

/** What a member wants. v1: what it owns (KIP-429). v2: generation (KIP-792). v3: rack (KIP-881). */
export const subscription = {
  name: 'consumer protocol subscription',
  versions: [0, 3],
  flexibleSince: neverFlexible,
  fields: {
    topics: array(string),
    userData: optional(nullable(bytes), null),
    ownedPartitions: since(1, topicPartitions),
    generationId: since(2, int32, -1),
    rackId: since(3, nullableString, null),
  },
} as const satisfies Message;

/** What a member gets. */
export const assignment = {
  name: 'consumer protocol assignment',
  versions: [0, 3],
  flexibleSince: neverFlexible,
  fields: {
    assignedPartitions: topicPartitions,
    userData: optional(nullable(bytes), null),
  },
} as const satisfies Message;

export type Subscription = Of<typeof subscription>;
export type Assignment = Of<typeof assignment>;

/** Throws MalformedBytes. */
export const decodeSubscription = (from: Uint8Array): Subscription => decode(subscription, from);
/** Throws MalformedBytes. */
export const decodeAssignment = (from: Uint8Array): Assignment => decode(assignment, from);

export const encodeSubscription = (version: number, value: GivenOf<typeof subscription>): Uint8Array =>
  encode(subscription, version, value);
export const encodeAssignment = (version: number, value: GivenOf<typeof assignment>): Uint8Array =>
  encode(assignment, version, value);

/** Newer versions only add at the end: what is newer than we know is read as the newest we know. */
function decode<F extends Fields>(message: Message<F>, from: Uint8Array): Of<Message<F>> {
  const reader = new ByteReader(from, frameLimits.elementsMax);
  const written = reader.int16();
  if (written < 0) throw new MalformedBytes(`version ${written} of the ${message.name}`);
  const version = Math.min(written, message.versions[1]);
  return codecOf(message, version).decode(reader) as Of<Message<F>>;
}

function encode<F extends Fields>(
  message: Message<F>,
  version: number,
  value: GivenOf<Message<F>>,
): Uint8Array {
  const writer = new FrameWriter();
  writer.int16(version);
  codecOf(message, version).encode(writer, value);
  const [frame, ...more] = writer.finish();
  assert(frame !== undefined && more.length === 0, 'without records there is one part');
  return frame.subarray(4); // there is no size before it
}
