import { describe, expect, test } from 'vitest';
import type { Item, Key } from '../../shared/storage/item.ts';
import { append, exists, isBelow, set, sizeOf } from '../../shared/storage/metadata-store.ts';
import {
  distinctBytes,
  type Engine,
  expectBytes,
  expectRefused,
  freshKey,
  freshPk,
  useStores,
} from './engine.ts';

const payload = (sizeBytes: number): Item => ({ t: 'b', batch: distinctBytes(sizeBytes) });
const freshObjectKey = (): string => `stage/00/2026010100/${freshPk().slice('test#'.length)}`;

/** What every engine's staging must do: a name in an update never comes before what it names (I2). */
export function stagingSuite(engine: Engine): void {
  describe(`${engine.name}: staging`, () => {
    const stores = useStores(engine);
    togetherSuite(stores);
    refusedSuite(engine, stores);
    thresholdsSuite(engine, stores);
  });
}

async function head(stores: ReturnType<typeof useStores>): Promise<Key> {
  const key = freshKey('head');
  await stores().metadata.put(key, { tail: [] });
  return key;
}

function togetherSuite(stores: ReturnType<typeof useStores>): void {
  test('an item staged is there once the update behind it is answered', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const payloadKey = freshKey();
    const staged = staging.stage({ in: 'item', key: payloadKey, item: payload(1_000) });
    expect(staged.what).toMatchObject({ in: 'item', key: payloadKey });
    const changes = [append(['tail'], [payloadKey.pk])];
    expect(await metadata.update(key, { changes }, { after: [staged] })).toEqual({ tail: [payloadKey.pk] });
    expect(await metadata.get(payloadKey)).toEqual(payload(1_000));
    await staged.done;
  });

  test('an object staged is there once the update behind it is answered', async () => {
    const { metadata, objects, staging } = stores();
    const key = await head(stores);
    const objectKey = freshObjectKey();
    const bytes = distinctBytes(300_000);
    const staged = staging.stage({ in: 'object', key: objectKey, bytes });
    await metadata.update(key, { changes: [append(['tail'], [objectKey])] }, { after: [staged] });
    await staged.done;
    expectBytes(await objects.getRange(objectKey, 0, 400_000), bytes);
  });

  test('many staged go before one update, and many updates at once each come after their own', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const append3 = async (): Promise<void> => {
      const keys = Array.from({ length: 3 }, () => freshKey());
      const after = keys.map((at) => staging.stage({ in: 'item', key: at, item: payload(200) }));
      const item = await metadata.update(
        key,
        {
          changes: [
            append(
              ['tail'],
              keys.map(({ pk }) => pk),
            ),
          ],
        },
        { after },
      );
      const named = (item.tail as string[]).map((pk) => ({ pk, sk: 'one' }));
      expect((await metadata.getMany(named)).every((found) => found !== undefined)).toBe(true);
    };
    await Promise.all(Array.from({ length: 20 }, append3));
    expect((await metadata.get(key))?.tail).toHaveLength(60);
  }, 60_000);

  test('a reader that sees the update sees what was staged', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const updates = 50;
    const read = async (): Promise<number> => {
      let seen = 0;
      while (seen < updates) {
        const tail = ((await metadata.get(key))?.tail ?? []) as string[];
        const named = tail.slice(seen).map((pk) => ({ pk, sk: 'one' }));
        expect((await metadata.getMany(named)).every((found) => found !== undefined)).toBe(true);
        seen = tail.length;
        // An engine may answer within the same turn of the event loop; others must get theirs.
        await new Promise(setImmediate);
      }
      return seen;
    };
    const reader = read();
    for (let count = 0; count < updates; count++) {
      const at = freshKey();
      const after = [staging.stage({ in: 'item', key: at, item: payload(2_000) })];
      await metadata.update(key, { changes: [append(['tail'], [at.pk])] }, { after });
    }
    expect(await reader).toBe(updates);
  }, 60_000);
}

function refusedSuite(engine: Engine, stores: ReturnType<typeof useStores>): void {
  test('what was staged for a refused update may be named by a later one', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const payloadKey = freshKey();
    const after = [staging.stage({ in: 'item', key: payloadKey, item: payload(100) })];
    const changes = [append(['tail'], [payloadKey.pk])];
    const refused = metadata.update(key, { changes, condition: exists(['never']) }, { after });
    await expectRefused(refused, 'conditionFailed');
    const room = isBelow(sizeOf(['tail']), 10n);
    await metadata.update(key, { changes, condition: room }, { after });
    expect(await metadata.get(payloadKey)).toEqual(payload(100));
  });

  test('an update does not happen when what it comes after cannot be stored', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const good = staging.stage({ in: 'item', key: freshKey(), item: payload(100) });
    const tooLarge = staging.stage({ in: 'item', key: freshKey(), item: payload(engine.itemBytesMax + 1) });
    const noKey = staging.stage({ in: 'object', key: '../out', bytes: Uint8Array.of(1) });
    for (const bad of [tooLarge, noKey]) {
      const update = metadata.update(key, { changes: [set(['n'], 1n)] }, { after: [good, bad] });
      await expectRefused(update, 'unavailable');
    }
    expect(await metadata.get(key)).toEqual({ tail: [] });
  });

  test('what cannot be stored and is never named stops nobody', async () => {
    const { metadata, staging } = stores();
    staging.stage({ in: 'object', key: '../out', bytes: Uint8Array.of(1) });
    staging.stage({ in: 'item', key: { pk: '', sk: '' }, item: {} });
    expect(await metadata.get(await head(stores))).toEqual({ tail: [] });
  });
}

/**
 * A page is 16 entries or 768 bytes of them (storage.md, page out); an entry has 64 bytes beside its batch.
 */
const pageEntries = 16;
const pageBytes = 768;
const entryOverheadBytes = 64;

function thresholdsSuite(engine: Engine, stores: ReturnType<typeof useStores>): void {
  test('a tail that is full to its limits holds a whole page [9.p3]', () => {
    const { thresholds } = stores().staging;
    expect(thresholds.tailEntriesMax).toBeGreaterThan(pageEntries);
    const largestEntryBytes = thresholds.entryBytesMax + entryOverheadBytes;
    expect(thresholds.tailBytesMax).toBeGreaterThanOrEqual(pageBytes + largestEntryBytes);
    expect(thresholds.groupEntriesMax).toBeLessThanOrEqual(thresholds.tailEntriesMax);
    expect(thresholds.groupBytesMax).toBeLessThanOrEqual(thresholds.tailBytesMax);
    expect(thresholds.groupBytesMax).toBeGreaterThanOrEqual(largestEntryBytes);
  });

  test('a batch of the declared size is staged as an item', async () => {
    const { metadata, staging } = stores();
    const key = await head(stores);
    const payloadKey = { pk: freshPk(), sk: 'one' };
    const item = payload(staging.thresholds.itemBytesMax);
    expect(staging.thresholds.itemBytesMax).toBeLessThan(engine.itemBytesMax);
    const after = [staging.stage({ in: 'item', key: payloadKey, item })];
    await metadata.update(key, { changes: [set(['n'], 1n)] }, { after });
    expectBytes((await metadata.get(payloadKey))?.batch, item.batch as Uint8Array);
  });
}
