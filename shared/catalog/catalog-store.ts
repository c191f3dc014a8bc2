import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { retry } from '../base/retry.ts';
import type { MetadataStore } from '../storage/metadata-store.ts';
import { isStoreError, mayRepeat, StoreError } from '../storage/store-error.ts';
import type { Stores } from '../storage/stores.ts';

/** How long the catalog goes on trying before the caller hears of the failure. */
const patience = { firstDelayMs: 20, delayMsMax: 500, totalMsMax: 10_000 };

export type CatalogStoreOptions = { stores: Stores; clock: Clock; random: Random };

/** The metadata store as the catalog uses it: calls are repeated while that is safe. */
export class CatalogStore {
  readonly metadata: MetadataStore;
  readonly clock: Clock;
  readonly random: Random;

  constructor({ stores, clock, random }: CatalogStoreOptions) {
    this.metadata = stores.metadata;
    this.clock = clock;
    this.random = random;
  }

  /** Repeats a call as long as it was surely not applied. */
  send<T>(call: () => Promise<T>): Promise<T> {
    return retry({ ...patience, clock: this.clock, random: this.random }, mayRepeat, call);
  }

  /**
   * Repeats an attempt also after a refused condition and a lost answer. So the attempt begins with a read,
   * recognises what an earlier one of its own has done, and makes writes that do no harm when they arrive
   * late.
   */
  async settle<T>(attempt: () => Promise<T>): Promise<T> {
    let lost: StoreError | undefined;
    const watched = async (): Promise<T> => {
      try {
        return await attempt();
      } catch (error) {
        if (isStoreError(error, 'unknown')) lost = error;
        throw error;
      }
    };
    try {
      return await retry({ ...patience, clock: this.clock, random: this.random }, mayLookAgain, watched);
    } catch (error) {
      // Once an answer was lost nobody may be told that surely nothing has happened.
      if (isStoreError(error) && lost !== undefined) throw lost;
      if (!isStoreError(error, 'conditionFailed')) throw error;
      throw new StoreError('conflict', 'others kept changing the item', { cause: error });
    }
  }
}

const mayLookAgain = (error: unknown): boolean =>
  isStoreError(error, 'throttled', 'conflict', 'unknown', 'conditionFailed');
