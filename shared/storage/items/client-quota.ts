import { type QuotaEntity, quotaEntityName } from '../../kafka/quota-entity.ts';
import type { Item, Key } from '../item.ts';
import { catalogKey, rangeOfPrefix } from './keys.ts';
import { readerOf, stamp } from './stored-format.ts';

/** The quotas of one entity (KIP-546). One without quotas stays, so that a late write finds it changed. */
export type StoredClientQuota = {
  readonly entity: QuotaEntity;
  /** By Kafka's name, e.g. `producer_byte_rate`. */
  readonly values: ReadonlyMap<string, number>;
  /** Grows with every write. */
  readonly version: bigint;
};

export const clientQuotaType = 'y';
const format = 1n;
const prefix = 'quota#';

export const clientQuotaKey = (entity: QuotaEntity): Key => ({
  pk: catalogKey,
  sk: `${prefix}${quotaEntityName(entity)}`,
});

/** All quotas. */
export const clientQuotaRange = rangeOfPrefix(catalogKey, prefix);

export const writeClientQuota = ({ entity, values, version }: StoredClientQuota): Item => ({
  ...stamp(clientQuotaType, format),
  // Kafka has no empty names: here they mean the default.
  entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName ?? ''])),
  // Text: what stores keep as numbers are integers.
  values: Object.fromEntries([...values].map(([key, value]) => [key, String(value)])),
  ver: version,
});

export function readClientQuota(item: Item): StoredClientQuota {
  const read = readerOf(item, clientQuotaType, format);
  return {
    entity: Object.entries(read.map<string>('entity')).map(([entityType, name]) => ({
      entityType,
      entityName: name === '' ? null : name,
    })),
    values: new Map(Object.entries(read.map<string>('values')).map(([key, value]) => [key, Number(value)])),
    version: read.number('ver'),
  };
}
