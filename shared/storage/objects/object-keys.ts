import { type Ulid, ulidTimeMs, ulidToBytes } from '../../base/ulid.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import { hourOf, offsetDigits } from '../items/keys.ts';

/** Two hex digits spread staged objects over S3's partitions; they follow from the ULID. */
const spreadOf = (id: Ulid): string => (ulidToBytes(id)[15] ?? 0).toString(16).padStart(2, '0');

/** Staged batches, perhaps of several partitions: `stage/<2 hex>/<UTC hour>/<ULID>`. */
export const batchObjectKey = (id: Ulid): string => `stage/${spreadOf(id)}/${hourOf(ulidTimeMs(id))}/${id}`;

/** The ULID in an object's key, or undefined if it is not one of ours. */
export const ulidOfObjectKey = (key: string): Ulid | undefined =>
  /([0-9A-HJKMNP-TV-Z]{26})(\.log)?$/.exec(key)?.[1];

/** Everything that rolls and compactions made for a partition. */
export const segmentObjectPrefix = ({ topicId, partition }: PartitionId): string =>
  `log/${topicId}/${partition}/`;

/** A segment object made by a roll. */
export const rolledObjectKey = (partition: PartitionId, baseOffset: bigint, id: Ulid): string =>
  `${segmentObjectPrefix(partition)}rolled/${offsetDigits(baseOffset)}-${id}.log`;

/** Whether a roll made it: then exactly one segment item ever names it. */
export const isRolledObject = (key: string): boolean => key.includes('/rolled/');

/** All staged objects. */
export const stagedObjectsPrefix = 'stage/';

/** Whether the object holds staged batches. */
export const isStagedObject = (key: string): boolean => key.startsWith(stagedObjectsPrefix);
