import type { Log } from '../base/log.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { QuotaEntity } from '../kafka/quota-entity.ts';
import {
  clientQuotaKey,
  clientQuotaRange,
  readClientQuota,
  type StoredClientQuota,
  writeClientQuota,
} from '../storage/items/client-quota.ts';
import { absent, equals, queryAll } from '../storage/metadata-store.ts';
import { CatalogStore, type CatalogStoreOptions } from './catalog-store.ts';

export type ClientQuota = Pick<StoredClientQuota, 'entity' | 'values'>;
export type QuotaChange = { readonly key: string; readonly value: number; readonly remove: boolean };

/** DynamoDB's sort keys end at 1,024 bytes. */
const nameBytesMax = 900;
/** How long a process goes by what it has read; its own changes it knows at once. */
const knownMs = 10_000;

/** The quotas of users and clients (KIP-546): kept in the store, the same behind every door. */
export class ClientQuotas {
  private readonly store: CatalogStore;
  private readonly log: Log;
  private known: readonly ClientQuota[] = [];
  private knownUntilMs = 0;
  private reading: Promise<void> | undefined;

  constructor(options: CatalogStoreOptions & { log: Log }) {
    this.store = new CatalogStore(options);
    this.log = options.log;
  }

  /** Every entity that has a quota, in the order of their names. */
  async all(): Promise<ClientQuota[]> {
    const found: ClientQuota[] = [];
    for await (const item of queryAll(this.store.metadata, clientQuotaRange)) {
      const quota = readClientQuota(item.item);
      if (quota.values.size > 0) found.push(quota);
    }
    return found;
  }

  /**
   * All changes of one entity, or none. Throws INVALID_REQUEST when its name is longer than what can be
   * kept.
   */
  async alter(entity: QuotaEntity, changes: readonly QuotaChange[]): Promise<void> {
    const key = clientQuotaKey(entity);
    if (Buffer.byteLength(key.sk) > nameBytesMax)
      throw new KafkaError(
        'INVALID_REQUEST',
        `The names of an entity may have ${nameBytesMax} bytes in all.`,
      );
    const { metadata } = this.store;
    await this.store.settle(async () => {
      const item = await metadata.get(key);
      const before = item && readClientQuota(item);
      const values = changed(before?.values ?? new Map(), changes);
      if (isSame(before?.values ?? new Map(), values)) return;
      const version = (before?.version ?? 0n) + 1n;
      const condition = before ? equals(['ver'], before.version) : absent(['t']);
      await metadata.put(key, writeClientQuota({ entity, values, version }), condition);
    });
    this.knownUntilMs = 0;
  }

  /**
   * What was last read, without waiting: quotas slow clients down and must not hold up a request. Reads again
   * behind the answer when that was a while ago; a store that fails changes nothing.
   */
  recent(): readonly ClientQuota[] {
    if (this.store.clock.nowMs() >= this.knownUntilMs) this.reading ??= this.readAgain();
    return this.known;
  }

  private async readAgain(): Promise<void> {
    this.knownUntilMs = this.store.clock.nowMs() + knownMs;
    try {
      this.known = await this.all();
    } catch (error) {
      this.log.warn('quotas could not be read: those known before go on', { error });
    } finally {
      this.reading = undefined;
    }
  }
}

function changed(before: ReadonlyMap<string, number>, changes: readonly QuotaChange[]): Map<string, number> {
  const values = new Map(before);
  for (const { key, value, remove } of changes) {
    if (remove) values.delete(key);
    else values.set(key, value);
  }
  return values;
}

const isSame = (left: ReadonlyMap<string, number>, right: ReadonlyMap<string, number>): boolean =>
  left.size === right.size && [...left].every(([key, value]) => right.get(key) === value);
