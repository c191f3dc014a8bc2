import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { ulid } from '../../shared/base/ulid.ts';
import { dynamoDbClient } from '../../shared/storage/aws/clients.ts';
import { DynamoDbMetadataStore } from '../../shared/storage/aws/dynamodb-metadata-store.ts';
import type { Item, Key } from '../../shared/storage/item.ts';
import { itemSizeBytes } from '../../shared/storage/item-limits.ts';
import { encodeEntry } from '../../shared/storage/items/entry.ts';
import { partitionHeadKey } from '../../shared/storage/items/partition-head.ts';
import { payloadKey, writePayload } from '../../shared/storage/items/payload.ts';
import { add, append, equals, isBelow, set, sizeOf } from '../../shared/storage/metadata-store.ts';
import { type DynamoDbLocal, startDynamoDbLocal, testAccount } from '../support/dynamodb-local.ts';
import { createTable } from './aws-engine.ts';
import { entry, epoch, headWith } from './head-updates.ts';

let dynamoDb: DynamoDbLocal;
let client: DynamoDBClient;
let store: DynamoDbMetadataStore;
let units = 0;

type Metered = { input: { ReturnConsumedCapacity?: string } };
type Consumed = { ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[] };

beforeAll(async () => {
  dynamoDb = await startDynamoDbLocal();
  const options = { endpoint: dynamoDb.endpoint, ...testAccount };
  const tableName = await createTable(options);
  client = dynamoDbClient(options);
  client.middlewareStack.add(
    (next) => async (args) => {
      (args as Metered).input.ReturnConsumedCapacity = 'TOTAL';
      const result = await next(args);
      const { ConsumedCapacity = [] } = result.output as Consumed;
      for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) units += CapacityUnits;
      return result;
    },
    { step: 'initialize' },
  );
  store = new DynamoDbMetadataStore(client, { tableName, clock: systemClock, random: systemRandom });
}, 90_000);
afterAll(async () => {
  client?.destroy();
  await dynamoDb?.stop();
});

async function unitsOf(call: () => Promise<unknown>): Promise<number> {
  units = 0;
  await call();
  return units;
}

const partition = (): { topicId: string; partition: number } => ({
  topicId: crypto.randomUUID(),
  partition: 7,
});
const itemEntry = (): Uint8Array =>
  encodeEntry({
    recordCount: 10,
    sizeBytes: 1_000,
    maxTimestamp: 1_700_000_000_000n,
    producer: { producerId: 1_234_567n, producerEpoch: 3, baseSequence: 1_000_000 },
    at: { kind: 'item', id: ulid(systemClock, systemRandom) },
  });

const tailOf = (count: number, bytes = 48): Uint8Array[] =>
  Array.from({ length: count }, () => entry(1, bytes));
const producersOf = (count: number): Record<string, bigint> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, at) => [String(1_000_000 + at), epoch(3n, 1_000_001n)]),
  );

function grownHead(entries: number, producers: number): Item {
  const tail = tailOf(entries);
  // Zeros at the end of a number cost nothing, so there are none.
  const offsets = { next: 9_000_007n, paged: 8_999_001n, rolled: 8_900_003n, start: 1_000_001n };
  const sums = { pagedBytes: 12_345_678_901n, pagedMaxTs: 1_700_000_000_001n, swept: 1_699_000_000_001n };
  return headWith({
    ...offsets,
    ...sums,
    tail,
    tailBytes: BigInt(48 * entries),
    prod: producersOf(producers),
  });
}

const appendTo = (key: Key, count = 1): Promise<Item> =>
  store.update(key, {
    changes: [add(['next'], 1n), append(['tail'], tailOf(count)), add(['tailBytes'], 48n)],
    condition: isBelow(sizeOf(['tail']), 600n),
  });

describe('write units of a head', () => {
  test.each([
    // entries of 48 bytes after the append, producers, units
    [1, 0, 1],
    [1, 1, 1],
    [9, 1, 1],
    [16, 1, 1],
    [16, 16, 2],
    [32, 1, 2],
    [48, 1, 3],
    [48, 16, 3],
    [64, 16, 4],
    [512, 16, 25],
  ])('an append that leaves %i entries and %i producers costs %i', async (entries, producers, expected) => {
    const key = partitionHeadKey(partition());
    await store.put(key, grownHead(entries - 1, producers));
    expect(await unitsOf(() => appendTo(key))).toBe(expected);
  });

  test('a group costs what one append costs that leaves as much', async () => {
    const key = partitionHeadKey(partition());
    await store.put(key, grownHead(1, 1));
    expect(await unitsOf(() => appendTo(key, 15))).toBe(1);
    expect(await unitsOf(() => appendTo(key, 32))).toBe(3);
  });

  test('our estimate of an item is what DynamoDB charges, to the unit', async () => {
    for (let entries = 0; entries < 48; entries++) {
      const key = partitionHeadKey(partition());
      const head = grownHead(entries, entries % 17);
      const charged = await unitsOf(() => store.put(key, head));
      expect([entries, charged]).toEqual([entries, Math.ceil(itemSizeBytes(key, head) / 1024)]);
    }
  });
});

describe('the sizes that the design counts with', () => {
  test('an entry of an idempotent batch in an item takes less than 48 bytes', () => {
    expect(itemEntry().length).toBeLessThan(48);
  });

  test.each([
    ['without expiry', 931, undefined],
    ['with expiry', 922, 1_700_000_001_000],
  ])('an item of one write unit holds a batch, %s, of up to %i bytes', async (_, most, expiresAtMs) => {
    const cost = (bytes: number): Promise<number> => {
      const key = payloadKey(partition(), ulid(systemClock, systemRandom));
      return unitsOf(() => store.put(key, writePayload(new Uint8Array(bytes), expiresAtMs)));
    };
    expect(await cost(most)).toBe(1);
    expect(await cost(most + 1)).toBe(2);
    expect(await cost(8_192)).toBe(9);
  });
});

describe('read units', () => {
  test('a strong read of a head of up to 4 KB is one unit, a hint half of it', async () => {
    const key = partitionHeadKey(partition());
    await store.put(key, grownHead(48, 16));
    expect(await unitsOf(() => store.get(key))).toBe(1);
    expect(await unitsOf(() => store.get(key, { consistent: false }))).toBe(0.5);
    expect(await unitsOf(() => store.getMany([key, key]))).toBe(1);
  });

  test('a transaction costs twice', async () => {
    const key = partitionHeadKey(partition());
    const put = { put: key, item: { n: 1n } };
    expect(await unitsOf(() => store.transact([put]))).toBe(2);
    const change = { update: key, changes: [set(['n'], 2n)], condition: equals(['n'], 1n) };
    expect(await unitsOf(() => store.transact([change]))).toBe(2);
  });
});
