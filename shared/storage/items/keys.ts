import type { PartitionId } from '../../kafka/topic-partition.ts';

/** Offsets in sort keys: 20 digits, so that text order is number order. */
export const offsetDigits = (offset: bigint): string => offset.toString().padStart(20, '0');

/** The partition key of everything that belongs to one partition, except its head and payloads. */
export const partitionItemsKey = ({ topicId, partition }: PartitionId): string => `i#${topicId}#${partition}`;

/** One partition key holds what the cluster knows of topics, counters and itself. */
export const catalogKey = 'catalog';

/** The partition key of everything that belongs to one group, except its name in the catalog. */
export const groupItemsKey = (groupId: string): string => `g#${groupId}`;

/** All sort keys of one partition key that begin with `prefix`, whatever characters follow. */
export const rangeOfPrefix = (pk: string, prefix: string) => {
  const last = prefix.length - 1;
  const after = String.fromCharCode(prefix.charCodeAt(last) + 1);
  return { pk, from: prefix, through: `${prefix.slice(0, last)}${after}` };
};

/** UTC hour of a time as ten digits, `YYYYMMDDHH`: part of staging keys, so that a sweep can list them. */
export function hourOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 13).replace(/[-T]/g, '');
}

export const hourMs = 3_600_000;
