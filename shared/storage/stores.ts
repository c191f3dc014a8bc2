import type { MetadataStore } from './metadata-store.ts';
import type { ObjectStore } from './object-store.ts';
import type { Staging } from './staging.ts';

/** One engine: what the domain needs of storage. */
export type Stores = {
  readonly metadata: MetadataStore;
  readonly objects: ObjectStore;
  readonly staging: Staging;
};
