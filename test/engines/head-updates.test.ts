import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { afterChanges, holds } from '../../shared/storage/expressions.ts';
import type { Attribute, Item } from '../../shared/storage/item.ts';
import type { Change, Comparison, Condition, Operand, Path } from '../../shared/storage/metadata-store.ts';
import { isStoreError } from '../../shared/storage/store-error.ts';
import { expectRefused, freshKey, type OpenStores } from '../contract/engine.ts';
import { type DynamoDbLocal, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { openOnDynamoDb } from './aws-engine.ts';
import { headCases, headWith } from './head-updates.ts';

let dynamoDb: DynamoDbLocal;
let stores: OpenStores;
beforeAll(async () => {
  dynamoDb = await startDynamoDbLocal();
  stores = await openOnDynamoDb(dynamoDb.endpoint);
}, 90_000);
afterAll(async () => {
  await stores?.close();
  await dynamoDb?.stop();
});

describe('the expressions of the storage design, on DynamoDB', () => {
  test.each(headCases)('%s', async (_, { update, applied, refused }) => {
    const { metadata } = stores;
    for (const [before, after] of applied) {
      const key = freshKey('head');
      await metadata.put(key, headWith(before));
      expect(await metadata.update(key, update)).toEqual(headWith(after));
    }
    for (const before of refused) {
      const key = freshKey('head');
      await metadata.put(key, headWith(before));
      await expectRefused(metadata.update(key, update), 'conditionFailed');
      expect(await metadata.get(key)).toEqual(headWith(before));
    }
    const nowhere = freshKey('head');
    await expectRefused(metadata.update(nowhere, update), 'conditionFailed');
    expect(await metadata.get(nowhere)).toBeUndefined();
  });
});

/** Few names, values and types, so that they meet. */
const number = fc.bigInt({ min: -2n, max: 3n });
const list = fc.array(number, { maxLength: 4 });
const value: fc.Arbitrary<Attribute> = fc.oneof(
  { arbitrary: number, weight: 4 },
  { arbitrary: list, weight: 2 },
  fc.constantFrom<Attribute>('', 'a', 'b', true, false),
  fc.constantFrom(new Uint8Array(), Uint8Array.of(1), Uint8Array.of(2)),
);
const member = fc.constantFrom('n', 'l', '1.y');
const map = fc.record({ n: number, l: list, '1.y': value }, { requiredKeys: ['n'], noNullPrototype: true });
const item: fc.Arbitrary<Item> = fc.record(
  { n: number, l: list, map, size: number, other: value },
  { requiredKeys: ['n', 'l', 'map'], noNullPrototype: true },
);
const path: fc.Arbitrary<Path> = fc.oneof(
  { arbitrary: fc.tuple(fc.constantFrom('n', 'l', 'map', 'size', 'other')), weight: 2 },
  fc.tuple(fc.constantFrom('map', 'map', 'map', 'l', 'none'), member),
);
const operand: fc.Arbitrary<Operand> = fc.oneof(
  path.map((of) => ({ path: of })),
  path.map((of) => ({ sizeOf: of })),
  value.map((of) => ({ value: of })),
);
const comparison = fc.constantFrom<Comparison>('=', '<', '<=', '>', '>=');
/** DynamoDB refuses these, and so does our engine on it, by name. */
const isWithItself = (left: Operand, right: Operand): boolean =>
  !('value' in left) && isDeepStrictEqual(left, right);
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    fc
      .record({ left: operand, is: comparison, right: operand })
      .filter(({ left, right }) => !isWithItself(left, right)),
    fc.record({ exists: path }),
    fc.record({ absent: path }),
    fc.record({ all: fc.array(tie('condition'), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie('condition'), { maxLength: 3 }) }),
  ),
}));

/** Mostly changes that fit the type of what they change. */
const numberPath = fc.oneof(
  { arbitrary: fc.constantFrom<Path>(['n'], ['map', 'n'], ['size']), weight: 8 },
  { arbitrary: path, weight: 1 },
);
const listPath = fc.oneof(
  { arbitrary: fc.constantFrom<Path>(['l'], ['map', 'l']), weight: 8 },
  { arbitrary: path, weight: 1 },
);
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ set: path, to: fc.oneof(value, map) }),
  fc.record({ set: path, from: path }),
  fc.record({ add: numberPath, amount: number }),
  fc.record({ append: listPath, values: fc.array(value, { maxLength: 2 }) }),
  fc.record({ dropFirst: listPath, count: fc.integer({ min: 1, max: 2 }) }),
  fc.record({ remove: path }),
);

/** The item after an update, or how it was refused. */
type Outcome = Item | 'conditionFailed' | 'unavailable';

/** What the engines say that evaluate expressions themselves. */
function expected(before: Item, changes: readonly Change[], demand: Condition): Outcome {
  if (!holds(demand, before)) return 'conditionFailed';
  try {
    return afterChanges(before, changes);
  } catch {
    return 'unavailable';
  }
}

async function onDynamoDb(before: Item, changes: readonly Change[], demand?: Condition): Promise<Outcome> {
  const key = freshKey();
  await stores.metadata.put(key, before);
  try {
    return await stores.metadata.update(key, { changes, ...(demand ? { condition: demand } : {}) });
  } catch (error) {
    if (!isStoreError(error, 'conditionFailed', 'unavailable')) throw error;
    expect(await stores.metadata.get(key)).toEqual(before);
    return error.kind === 'conditionFailed' ? 'conditionFailed' : 'unavailable';
  }
}

describe('DynamoDB and the engines that evaluate expressions themselves agree', () => {
  /** A test of agreement says little when nearly everything is refused. */
  const countApplied = (outcomes: readonly Outcome[]): number =>
    outcomes.filter((outcome) => typeof outcome === 'object').length;

  test('on random conditions', async () => {
    const outcomes: Outcome[] = [];
    const changes = [{ set: ['seen'], to: true }] as const;
    await fc.assert(
      fc.asyncProperty(item, condition, async (before, demand) => {
        const found = await onDynamoDb(before, changes, demand);
        outcomes.push(found);
        expect(found).toEqual(expected(before, changes, demand));
      }),
      { numRuns: 800 },
    );
    expect(countApplied(outcomes)).toBeGreaterThan(200);
  }, 120_000);

  test('on random changes', async () => {
    const outcomes: Outcome[] = [];
    await fc.assert(
      fc.asyncProperty(item, fc.array(change, { minLength: 1, maxLength: 4 }), async (before, changes) => {
        const found = await onDynamoDb(before, changes);
        outcomes.push(found);
        expect(found).toEqual(expected(before, changes, { all: [] }));
      }),
      { numRuns: 800 },
    );
    expect(countApplied(outcomes)).toBeGreaterThan(200);
  }, 120_000);
});
