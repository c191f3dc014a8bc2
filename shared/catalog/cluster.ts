import { clusterKey, readClusterId, writeCluster } from '../storage/items/cluster.ts';
import { absent } from '../storage/metadata-store.ts';
import { CatalogStore, type CatalogStoreOptions } from './catalog-store.ts';
import { randomId } from './topic-id.ts';

/** What the cluster knows of itself. */
export class ClusterInfo {
  private readonly store: CatalogStore;
  private known: string | undefined;

  constructor(options: CatalogStoreOptions) {
    this.store = new CatalogStore(options);
  }

  /**
   * The cluster's id, 22 characters as Kafka writes it: made by whoever asks first, and the same ever after.
   */
  async clusterId(): Promise<string> {
    this.known ??= await this.readOrMake();
    return this.known;
  }

  private readOrMake(): Promise<string> {
    const { metadata, random } = this.store;
    const fresh = Buffer.from(randomId(random)).toString('base64url');
    return this.store.settle(async () => {
      const item = await metadata.get(clusterKey);
      if (item !== undefined) return readClusterId(item);
      await metadata.put(clusterKey, writeCluster(fresh), absent(['t']));
      return fresh;
    });
  }
}
