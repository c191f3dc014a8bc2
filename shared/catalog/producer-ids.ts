import { newProducerIds, producerIdsKey, readNextProducerId } from '../storage/items/producer-ids.ts';
import { absent, add, exists } from '../storage/metadata-store.ts';
import { isStoreError } from '../storage/store-error.ts';
import { CatalogStore, type CatalogStoreOptions } from './catalog-store.ts';

/** As many as Kafka's controller gives a broker at once (KIP-730). */
export const producerIdBlockSize = 1_000n;

type Block = { next: bigint; beyond: bigint };

/**
 * Hands out producer ids. A process takes a block of them from the cluster's counter; the rest of a block
 * dies with the process, and so does a block whose answer was lost: no id is ever given twice.
 */
export class ProducerIds {
  private readonly store: CatalogStore;
  private block: Block = { next: 0n, beyond: 0n };
  private taking: Promise<void> | undefined;

  constructor(options: CatalogStoreOptions) {
    this.store = new CatalogStore(options);
  }

  /** An id that nobody has and nobody else will get. */
  async next(): Promise<bigint> {
    while (this.block.next === this.block.beyond) {
      this.taking ??= this.take().finally(() => {
        this.taking = undefined;
      });
      await this.taking;
    }
    return this.block.next++;
  }

  private async take(): Promise<void> {
    const beyond = await this.store.settle(() => this.moveCounter());
    this.block = { next: beyond - producerIdBlockSize, beyond };
  }

  /** Where the block just taken ends. */
  private async moveCounter(): Promise<bigint> {
    const { metadata } = this.store;
    try {
      const changes = [add(['next'], producerIdBlockSize)];
      return readNextProducerId(
        await metadata.update(producerIdsKey, { changes, condition: exists(['next']) }),
      );
    } catch (error) {
      if (!isStoreError(error, 'conditionFailed')) throw error;
      await metadata.put(producerIdsKey, newProducerIds(producerIdBlockSize), absent(['t']));
      return producerIdBlockSize;
    }
  }
}
