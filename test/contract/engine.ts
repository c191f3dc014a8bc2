import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Key } from '../../shared/storage/item.ts';
import type { StoreErrorKind } from '../../shared/storage/store-error.ts';
import type { Stores } from '../../shared/storage/stores.ts';

export type OpenStores = Stores & { close(): Promise<void> };

/** An engine on trial. */
export type Engine = {
  name: string;
  /** Called once for each suite; the tests of a suite share what it opens and use keys of their own. */
  open(): Promise<OpenStores>;
  /** The largest item that it declares to take, key and names included. */
  itemBytesMax: number;
  /**
   * Of a stand-in for DynamoDB: changes that it takes although they do not fit, by their names in the suite.
   */
  wronglyTakes?: readonly string[];
};

/** Opens the engine's stores around the tests of the surrounding `describe`. */
export function useStores(engine: Engine): () => OpenStores {
  let stores: OpenStores | undefined;
  beforeAll(async () => {
    stores = await engine.open();
  }, 60_000);
  afterAll(() => stores?.close());
  return () => {
    if (stores === undefined) throw new Error(`${engine.name} did not open`);
    return stores;
  };
}

/** A partition key that no test used before. */
export const freshPk = (): string => `test#${randomUUID()}`;
export const freshKey = (sk = 'one'): Key => ({ pk: freshPk(), sk });

/** Asserts that a call was refused with a `StoreError` of that kind. */
export const expectRefused = (call: Promise<unknown>, kind: StoreErrorKind): Promise<void> =>
  expect(call).rejects.toMatchObject({ name: 'StoreError', kind });

/** `count` bytes that differ from each other, so that a misplaced one shows. */
export const distinctBytes = (count: number): Uint8Array =>
  Uint8Array.from({ length: count }, (_, at) => (at * 31 + (at >> 8) * 7) & 0xff);

/**
 * Asserts equal bytes; comparing them one by one as members, as `toEqual` does, takes minutes for megabytes.
 */
export function expectBytes(actual: unknown, expected: Uint8Array): void {
  expect(actual).toBeInstanceOf(Uint8Array);
  expect((actual as Uint8Array).length).toBe(expected.length);
  expect(Buffer.compare(actual as Uint8Array, expected)).toBe(0);
}
