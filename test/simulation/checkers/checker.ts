import type { AppendBody, History, Operation, PartitionName, ReadBody } from '../history.ts';
import { isAppend, isRead, isTopic } from '../history.ts';

/** Something that must not be. */
export type Anomaly = {
  readonly checker: string;
  /** The promise of `docs/guarantees.md` that is broken. */
  readonly promise: string;
  readonly message: string;
};

/** A pure function over a history, named after what it finds. */
export type Checker = {
  readonly name: string;
  readonly promise: string;
  /** What is wrong, a sentence each. */
  readonly check: (history: History) => string[];
};

/** What the history says of one partition. */
export type PartitionView = {
  readonly partition: PartitionName;
  readonly appends: readonly Operation<AppendBody>[];
  readonly acknowledged: readonly Operation<AppendBody>[];
  /** Reads that were answered. */
  readonly reads: readonly Operation<ReadBody>[];
  /** Every record that a read without fault showed, by offset: all values ever seen there. */
  readonly valuesAt: ReadonlyMap<bigint, ReadonlySet<string>>;
  /** The offsets at which a value was seen, by reads or by acknowledgements. */
  readonly offsetsOf: ReadonlyMap<string, ReadonlySet<bigint>>;
  /** Some client asked for the topic's deletion. */
  readonly mayBeDeleted: boolean;
  /** The last log start offset that the final reads saw. */
  readonly finalStart: bigint | undefined;
  /** Whether retention by time may have let go what was at the offset: then readers may step over it. */
  readonly mayHaveExpired: (offset: bigint, atMs: number) => boolean;
};

const views = new WeakMap<History, Map<PartitionName, PartitionView>>();

/** The views of all partitions that an append or a read names; computed once. */
export function partitionsOf(history: History): PartitionView[] {
  const known = views.get(history) ?? new Map(namesOf(history).map((name) => [name, viewOf(history, name)]));
  views.set(history, known);
  return [...known.values()];
}

const namesOf = (history: History): PartitionName[] => [
  ...new Set(history.operations.flatMap(({ body }) => ('partition' in body ? [body.partition] : []))),
];

function viewOf(history: History, partition: PartitionName): PartitionView {
  const appends = history.operations.filter(isAppend).filter(({ body }) => body.partition === partition);
  const reads = history.operations
    .filter(isRead)
    .filter(({ body, outcome }) => body.partition === partition && outcome === 'ok');
  const acknowledged = appends.filter(({ outcome }) => outcome === 'ok');
  const valuesAt = new Map<bigint, Set<string>>();
  const offsetsOf = new Map<string, Set<bigint>>();
  const see = (offset: bigint, value: string): void => {
    memberOf(offsetsOf, value).add(offset);
  };
  for (const { body } of acknowledged) {
    body.records.forEach(({ value }, at) => void see((body.baseOffset ?? 0n) + BigInt(at), value));
  }
  for (const batch of reads.flatMap(({ body }) => body.batches ?? [])) {
    batch.records.forEach(({ value }, at) => {
      memberOf(valuesAt, batch.baseOffset + BigInt(at)).add(value);
      see(batch.baseOffset + BigInt(at), value);
    });
  }
  const final = reads.filter(({ body }) => body.isFinal);
  return {
    partition,
    appends,
    acknowledged,
    reads,
    valuesAt,
    offsetsOf,
    mayBeDeleted: mayBeDeleted(history, partition),
    finalStart: final.at(-1)?.body.logStartOffset,
    mayHaveExpired: expiryOf(history, partition, appends, offsetsOf),
  };
}

function expiryOf(
  history: History,
  partition: PartitionName,
  appends: readonly Operation<AppendBody>[],
  offsetsOf: ReadonlyMap<string, ReadonlySet<bigint>>,
): PartitionView['mayHaveExpired'] {
  const retentionMs = Number(history.kept.get(partition)?.retentionMs ?? -1n);
  if (retentionMs < 0) return () => false;
  const latestAt = new Map<bigint, number>();
  for (const { body } of appends) {
    for (const offset of body.records.flatMap(({ value }) => [...(offsetsOf.get(value) ?? [])])) {
      latestAt.set(offset, Math.max(body.timestampMs, latestAt.get(offset) ?? 0));
    }
  }
  return (offset, atMs) => (latestAt.get(offset) ?? 0) + retentionMs < atMs;
}

export function memberOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  const found = map.get(key) ?? new Set<V>();
  map.set(key, found);
  return found;
}

/**
 * Whether a deletion that was asked for may concern this topic id: its name was not known to stand for
 * another then.
 */
function mayBeDeleted(history: History, partition: PartitionName): boolean {
  const topicId = partition.split('/')[0];
  const topics = history.operations.filter(isTopic);
  const names = new Set(topics.filter(({ body }) => body.topicId === topicId).map(({ body }) => body.topic));
  return topics.some(({ body, outcome }) => {
    return body.does === 'deleteTopic' && outcome !== 'fail' && names.has(body.topic);
  });
}

export const describe = ({ id, process, body }: Operation): string =>
  `operation ${id} (${body.does} by ${process})`;

/** The first offset behind what an append was acknowledged at. */
export const nextOffsetOf = ({ body }: Operation<AppendBody>): bigint =>
  (body.baseOffset ?? 0n) + BigInt(body.records.length);

/** A few are enough to see what happened. */
export const few = (messages: readonly string[]): string[] => messages.slice(0, 5);
