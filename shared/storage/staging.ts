import type { Item, Key } from './item.ts';

/** Where staged bytes are: in an item of their own, or in a part of an object. */
export type StagedBytes =
  | { readonly in: 'item'; readonly key: Key; readonly item: Item }
  | { readonly in: 'object'; readonly key: string; readonly bytes: Uint8Array };

/**
 * Bytes on their way into the store under a key that nobody has used. The key is known at once; `done`
 * resolves when they are durable. An engine that orders its own writes may carry them out together with the
 * first update that comes `after` them, and `done` then resolves with it: nobody awaits `done` before that
 * update.
 */
export type Staged = { readonly what: StagedBytes; readonly done: Promise<void> };

/**
 * What each engine likes best; every limit in bytes of a batch as stored, or of entries in one update of a
 * head.
 */
export type StagingThresholds = {
  /** Up to this size a batch lies inside the entry. */
  readonly entryBytesMax: number;
  /** Up to this size in an item of its own, above it in an object. */
  readonly itemBytesMax: number;
  /** Whether an item's `ttl` is honoured, so that rolled payloads need not be deleted. */
  readonly expires: boolean;
  /** How many batches, and bytes of entries, one update of a head may carry. */
  readonly groupEntriesMax: number;
  readonly groupBytesMax: number;
  readonly tailEntriesMax: number;
  readonly tailBytesMax: number;
};

export interface Staging {
  readonly thresholds: StagingThresholds;
  stage(what: StagedBytes): Staged;
}
