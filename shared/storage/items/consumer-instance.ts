import { createHash } from 'node:crypto';
import type { Ulid } from '../../base/ulid.ts';
import type { Attribute, Item, Key } from '../item.ts';
import { readerOf, stamp } from './stored-format.ts';

/** A consumer of the HTTP door between two calls: any process may serve the next one. */
export type ConsumerInstance = {
  readonly groupId: string;
  readonly instanceId: string;
  /** Of this making: one of the same name that was made later is another one. */
  readonly nonce: Ulid;
  /** Grows by one with every write that decides something. */
  readonly version: bigint;
  /** Of the newest of these writes: by it a writer whose answer was lost finds its own work. */
  readonly writeId: Ulid;
  /** Then it counts as removed, unless somebody calls. */
  readonly untilMs: number;
  readonly settings: InstanceSettings;
  readonly selection: Selection;
  readonly membership: Membership;
  /** The partitions that it holds, and where it is in each. */
  readonly partitions: readonly HeldPartition[];
};

export type InstanceSettings = {
  readonly format: 'binary' | 'json' | 'text';
  readonly autoOffsetReset: 'earliest' | 'latest' | 'none';
  readonly autoCommit: boolean;
  /** How long a fetch waits that does not say. */
  readonly requestTimeoutMs: number;
  /** A fetch waits for so many bytes; -1: for any. */
  readonly fetchMinBytes: number;
};

/** What it reads: topics by the group's leave, or partitions that it named itself. */
export type Selection =
  | { readonly by: 'nothing' }
  | { readonly by: 'topics'; readonly topics: readonly string[] }
  | { readonly by: 'pattern'; readonly pattern: string }
  | { readonly by: 'assignment' };

/** What it is to its group. */
export type Membership = {
  /** '': none yet. */
  readonly memberId: string;
  /** -1: it is no member. */
  readonly generation: number;
  /** Of the JoinGroup that is under way; '' when none is. */
  readonly requestId: Ulid;
  /** What it told the group that it subscribes to. */
  readonly topics: readonly string[];
  /** Partition counts that its assignments, as the leader's, were made of. */
  readonly counts: ReadonlyMap<string, number>;
};

export type HeldPartition = {
  readonly topic: string;
  readonly partition: number;
  /** The next offset to hand out; -1: not looked up yet. */
  readonly position: bigint;
  /** What this instance knows to be committed; -1: nothing. */
  readonly committed: bigint;
};

export const noMembership: Membership = {
  memberId: '',
  generation: -1,
  requestId: '',
  topics: [],
  counts: new Map(),
};

export const consumerInstanceType = 'w';
const format = 1n;

/** So many partition keys share all instances, so that none of them is hot and all can be listed. */
const shards = '0123456789abcdef';
export const consumerInstanceShards: readonly string[] = [...shards].map((shard) => `w#${shard}`);

/** The names go through a hash: together they may be longer than a sort key. */
export function consumerInstanceKey(groupId: string, instanceId: string): Key {
  const hash = createHash('sha256')
    .update(JSON.stringify([groupId, instanceId]))
    .digest('hex');
  return { pk: `w#${hash.charAt(0)}`, sk: hash };
}

/** Where the store honours expiry, an instance goes a day after it ran out. */
export const instanceTtl = (untilMs: number): bigint => BigInt(Math.ceil(untilMs / 1000) + 86_400);

export const writeConsumerInstance = (instance: ConsumerInstance): Item => ({
  ...stamp(consumerInstanceType, format),
  group: instance.groupId,
  name: instance.instanceId,
  nonce: instance.nonce,
  v: instance.version,
  w: instance.writeId,
  until: BigInt(instance.untilMs),
  ttl: instanceTtl(instance.untilMs),
  format: instance.settings.format,
  reset: instance.settings.autoOffsetReset,
  autoCommit: instance.settings.autoCommit,
  timeout: BigInt(instance.settings.requestTimeoutMs),
  minBytes: BigInt(instance.settings.fetchMinBytes),
  by: instance.selection.by,
  pattern: instance.selection.by === 'pattern' ? instance.selection.pattern : '',
  topics: instance.selection.by === 'topics' ? instance.selection.topics : [],
  member: instance.membership.memberId,
  gen: BigInt(instance.membership.generation),
  request: instance.membership.requestId,
  sub: instance.membership.topics,
  counts: [...instance.membership.counts].map(([topic, count]): Attribute => [topic, BigInt(count)]),
  held: instance.partitions.map(
    ({ topic, partition, position, committed }): Attribute => [topic, BigInt(partition), position, committed],
  ),
});

const oneOf = <T extends string>(allowed: readonly T[], text: string, otherwise: T): T =>
  allowed.find((value) => value === text) ?? otherwise;

export function readConsumerInstance(item: Item): ConsumerInstance {
  const read = readerOf(item, consumerInstanceType, format);
  return {
    groupId: read.text('group'),
    instanceId: read.text('name'),
    nonce: read.text('nonce'),
    version: read.number('v'),
    writeId: read.text('w'),
    untilMs: read.int('until'),
    settings: {
      format: oneOf(['binary', 'json', 'text'], read.text('format'), 'binary'),
      autoOffsetReset: oneOf(['earliest', 'latest', 'none'], read.text('reset'), 'latest'),
      autoCommit: read.flag('autoCommit'),
      requestTimeoutMs: read.int('timeout'),
      fetchMinBytes: read.int('minBytes'),
    },
    selection: readSelection(read.text('by'), read.list<string>('topics'), read.text('pattern')),
    membership: {
      memberId: read.text('member'),
      generation: read.int('gen'),
      requestId: read.text('request'),
      topics: read.list<string>('sub'),
      counts: new Map(
        read
          .list<readonly [string, bigint]>('counts')
          .map(([topic, count]): [string, number] => [topic, Number(count)]),
      ),
    },
    partitions: read
      .list<readonly [string, bigint, bigint, bigint]>('held')
      .map(([topic, partition, position, committed]) => ({
        topic,
        partition: Number(partition),
        position,
        committed,
      })),
  };
}

function readSelection(by: string, topics: readonly string[], pattern: string): Selection {
  if (by === 'topics') return { by, topics };
  if (by === 'pattern') return { by, pattern };
  return { by: by === 'assignment' ? by : 'nothing' };
}
