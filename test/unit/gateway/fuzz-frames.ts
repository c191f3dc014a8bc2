import fc from 'fast-check';
import { BrokenInvariant } from '../../../shared/base/assert.ts';
import { integerBelow, type Random } from '../../../shared/base/random.ts';
import { encodeRequest } from '../../../shared/protocol/frame.ts';
import { batchOf } from '../../support/broker-engine.ts';
import { anyMessage, everyVersion } from '../../wire/any-message.ts';

/** The topic and the group that fuzzed requests often name, so that they get past the first check. */
export const fuzzedTopic = 'fuzzed';
const fuzzedGroup = 'fuzzed-group';

type Api = (typeof everyVersion)[number]['api'];
type Sample = { readonly api: Api; readonly version: number; readonly body: Record<string, unknown> };

const oneOf = <T>(random: Random, choices: readonly T[]): T =>
  choices[integerBelow(random, choices.length)] as T;

/** What a field is often given instead of anything at all. */
const sensible: { readonly [field: string]: (random: Random) => unknown } = {
  name: () => fuzzedTopic,
  topic: () => fuzzedTopic,
  topicName: () => fuzzedTopic,
  groupId: () => fuzzedGroup,
  key: () => fuzzedGroup,
  transactionalId: () => null,
  acks: (random) => oneOf(random, [-1, 0, 1]),
  index: (random) => oneOf(random, [0, 1]),
  partition: (random) => oneOf(random, [0, 1]),
  partitionIndex: (random) => oneOf(random, [0, 1]),
  numPartitions: (random) => oneOf(random, [1, 2]),
  count: () => 3,
  replicationFactor: () => 1,
  fetchOffset: (random) => oneOf(random, [0n, 1n]),
  timestamp: (random) => oneOf(random, [-1n, -2n, -3n, 0n]),
  currentLeaderEpoch: (random) => oneOf(random, [0, -1]),
  sessionEpoch: (random) => oneOf(random, [0, -1]),
  maxWaitMs: (random) => oneOf(random, [0, 10, 100]),
  partitionMaxBytes: (random) => oneOf(random, [1, 100_000]),
  sessionTimeoutMs: () => 10_000,
  rebalanceTimeoutMs: () => 100,
  generationIdOrMemberEpoch: (random) => oneOf(random, [-1, 0, 1]),
  memberEpoch: (random) => oneOf(random, [-1, 0, 1]),
  records: () => batchOf(['fuzzed']),
};

function madeSensible(value: unknown, random: Random): unknown {
  if (Array.isArray(value)) return value.map((element) => madeSensible(element, random));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]) => {
      const choice = sensible[field];
      const isChosen = choice !== undefined && typeof inner !== 'object' && random.next() < 0.8;
      const isRecords = field === 'records' && random.next() < 0.8;
      return [field, isChosen || isRecords ? sensible[field]?.(random) : madeSensible(inner, random)];
    }),
  );
}

/** Requests of every API in every version, the same for the same seed. */
const samplesOf = (seed: number): Sample[] =>
  everyVersion.flatMap(({ api, version }) =>
    fc.sample(anyMessage(api.request, version), { seed, numRuns: 6 }).map((body) => ({ api, version, body })),
  );

const withSize = (frame: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(4 + frame.length);
  bytes.writeInt32BE(frame.length);
  bytes.set(frame, 4);
  return bytes;
};

type Change = (frame: Buffer, random: Random) => Buffer;
const lies = ['7fffffff', '80000000', '7fff', 'ffff', 'ffffffff0f', '00', 'ff'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Each takes a whole request, size left off, and answers what goes over the wire. */
const changes: readonly Change[] = [
  ...Array.from({ length: 6 }, (): Change => (frame) => withSize(frame)),
  (frame, random) => {
    for (let flips = 1 + integerBelow(random, 8); flips > 0; flips--) {
      const place = integerBelow(random, frame.length);
      frame[place] = (frame[place] ?? 0) ^ (1 << integerBelow(random, 8));
    }
    return withSize(frame);
  },
  (frame, random) => withSize(frame.subarray(0, 8 + integerBelow(random, frame.length))),
  (frame, random) => withSize(Buffer.concat([frame, random.bytes(1 + integerBelow(random, 20))])),
  (frame, random) => {
    oneOf(random, lies).copy(frame, 8 + integerBelow(random, Math.max(1, frame.length - 8)));
    return withSize(frame);
  },
  (frame, random) => withSize(Buffer.concat([frame.subarray(0, 8), random.bytes(integerBelow(random, 200))])),
  (_frame, random) => withSize(random.bytes(8 + integerBelow(random, 100))),
  (frame, random) => {
    const bytes = withSize(frame);
    bytes.writeInt32BE(integerBelow(random, 300) - 20); // the stream is out of step from here on
    return bytes;
  },
  (frame, random) => withSize(frame).subarray(0, 1 + integerBelow(random, frame.length)),
  (_frame, random) => Buffer.from(random.bytes(1 + integerBelow(random, 60))),
];

const from = { correlationId: 1, clientId: 'fuzz' };

/** Undefined where the version cannot say what is given, such as no transactional id. */
function frameOf(api: Api, version: number, body: unknown): Buffer | undefined {
  try {
    return Buffer.concat(encodeRequest(api, version, from, body as Record<string, unknown>)).subarray(4);
  } catch (error) {
    if (error instanceof BrokenInvariant) return undefined;
    throw error;
  }
}

/** An endless source of frames: valid ones, and what can become of them on the way. */
export function fuzzFrames(seed: number, random: Random): () => { title: string; bytes: Buffer } {
  const samples = samplesOf(seed);
  return () => {
    const { api, version, body } = oneOf(random, samples);
    const frame = frameOf(api, version, madeSensible(body, random)) ?? frameOf(api, version, body);
    if (frame === undefined) throw new Error(`${api.name} v${version} cannot be encoded`);
    const place = integerBelow(random, changes.length);
    const bytes = (changes[place] as Change)(Buffer.from(frame), random);
    return { title: `${api.name} v${version}, change ${place}`, bytes };
  };
}
