import { type Ulid, ulidTimeMs, ulidToBytes } from '../../base/ulid.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { hourOf } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

export const payloadType = 'b';
const format = 1n;

/**
 * Staged batches of one partition and hour are spread over this many partition keys, so that writes do not
 * heat one.
 */
export const payloadShards = 4;

const shardOf = (id: Ulid): number => (ulidToBytes(id)[15] ?? 0) % payloadShards;

/** The partition key of what was staged for one partition in one UTC hour, in one shard. */
export const payloadGroupKey = ({ topicId, partition }: PartitionId, hour: string, shard: number): string =>
  `b#${topicId}#${partition}#${hour}#${shard}`;

/** The key follows from the partition and the ULID alone, so an entry need not name more. */
export const payloadKey = (partition: PartitionId, id: Ulid): Key => ({
  pk: payloadGroupKey(partition, hourOf(ulidTimeMs(id)), shardOf(id)),
  sk: id,
});

/** `expiresAtMs`: when the store may forget it, where it honours expiry. */
export const writePayload = (batch: Uint8Array, expiresAtMs?: number): Item => ({
  ...stamp(payloadType, format),
  batch,
  ...(expiresAtMs === undefined ? {} : { ttl: BigInt(Math.ceil(expiresAtMs / 1000)) }),
});

export const readPayload = (item: Item): Uint8Array => readerOf(item, payloadType, format).bytes('batch');

/** Whether the key is one of a payload: such an item is put once, and nothing of its batch ever changes. */
export const isPayloadKey = ({ pk }: Key): boolean => pk.startsWith('b#');
