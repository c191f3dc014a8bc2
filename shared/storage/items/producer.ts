import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { Item, Key } from '../item.ts';
import { partitionItemsKey } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** A producer that was moved out of the head. */
export type EvictedProducer = {
  /** Epoch * 2^32 + next sequence, as it stood in the head. */
  value: bigint;
  /** Number of the last transaction that ended here; 0 if none. */
  ended: bigint;
  /**
   * The `next` of the head that the evictor had read: a slow evictor must not put an older value over a newer
   * one.
   */
  asOf: bigint;
  /** Seconds since 1970 after which it is forgotten (`producer.id.expiration.ms`). */
  ttl: bigint;
};

export const producerType = 'r';
const format = 1n;
const prefix = 'prod#';

export const producerKey = (partition: PartitionId, producerId: bigint): Key => ({
  pk: partitionItemsKey(partition),
  sk: `${prefix}${producerId}`,
});

/** All evicted producers of a partition. */
export const producerRange = (partition: PartitionId) => ({
  pk: partitionItemsKey(partition),
  from: prefix,
  through: `${prefix}~`,
});

/** Whose item lies under the key. */
export const producerIdOf = ({ sk }: Key): bigint => BigInt(sk.slice(prefix.length));

export const writeProducer = (producer: EvictedProducer): Item => ({
  ...stamp(producerType, format),
  value: producer.value,
  ended: producer.ended,
  asOf: producer.asOf,
  ttl: producer.ttl,
});

export function readProducer(item: Item): EvictedProducer {
  const read = readerOf(item, producerType, format);
  return {
    value: read.number('value'),
    ended: read.number('ended'),
    asOf: read.number('asOf'),
    ttl: read.number('ttl'),
  };
}
