import { describe, expect, test } from 'vitest';
import type { Item } from '../../shared/storage/item.ts';
import {
  absent,
  all,
  any,
  attribute,
  type Condition,
  equals,
  exists,
  isAbove,
  isAtLeast,
  isAtMost,
  isBelow,
  type Path,
  set,
  sizeOf,
} from '../../shared/storage/metadata-store.ts';
import { tryWrite } from '../../shared/storage/store-error.ts';
import { type Engine, expectRefused, freshKey, useStores } from './engine.ts';

const item: Item = {
  seven: 7n,
  nine: 9n,
  minus: -7n,
  text: 'banana',
  empty: '',
  bytes: Uint8Array.of(1, 2, 3),
  noBytes: new Uint8Array(),
  yes: true,
  list: ['a', 1n],
  noList: [],
  map: { five: 5n, word: 'x', inner: { deep: true } },
  noMap: {},
};

type Case = [what: string, condition: Condition, isTrue: boolean];

const presence: Case[] = [
  ['an attribute that is there exists', exists(['seven']), true],
  ['an attribute that is not there does not exist', exists(['eight']), false],
  ['an empty text exists', exists(['empty']), true],
  ['an empty list exists', exists(['noList']), true],
  ['a member that is there exists', exists(['map', 'five']), true],
  ['a member that is not there does not exist', exists(['map', 'six']), false],
  ['a member of what is no map does not exist', exists(['seven', 'x']), false],
  ['a member of an absent attribute does not exist', exists(['eight', 'x']), false],
  ['an inherited name does not exist', exists(['constructor']), false],
  ['an inherited member does not exist', exists(['map', 'toString']), false],
  ['an attribute that is there is not absent', absent(['seven']), false],
  ['an attribute that is not there is absent', absent(['eight']), true],
  ['a member that is not there is absent', absent(['map', 'six']), true],
  ['a member of an absent attribute is absent', absent(['eight', 'x']), true],
];

const orders: Case[] = [
  ['7 = 7', equals(['seven'], 7n), true],
  ['7 = 8', equals(['seven'], 8n), false],
  ['7 < 7', isBelow(['seven'], 7n), false],
  ['7 < 8', isBelow(['seven'], 8n), true],
  ['7 <= 7', isAtMost(['seven'], 7n), true],
  ['7 <= 6', isAtMost(['seven'], 6n), false],
  ['7 > 6', isAbove(['seven'], 6n), true],
  ['7 > 7', isAbove(['seven'], 7n), false],
  ['7 >= 7', isAtLeast(['seven'], 7n), true],
  ['7 >= 8', isAtLeast(['seven'], 8n), false],
  ['-7 < 0', isBelow(['minus'], 0n), true],
  ['9 < 10 as numbers, not as texts', isBelow(['nine'], 10n), true],
  ['a number is below one of 38 digits', isBelow(['nine'], 10n ** 38n - 1n), true],
  ['texts are ordered', isBelow(['text'], 'bananas'), true],
  ['texts are ordered by their bytes: B comes before b', isAbove(['text'], 'Banana'), true],
  ['the empty text is below any other', isBelow(['empty'], 'a'), true],
  ['binaries are ordered', isBelow(['bytes'], Uint8Array.of(1, 2, 4)), true],
  ['a binary is above its beginning', isAbove(['bytes'], Uint8Array.of(1, 2)), true],
  ['bytes are unsigned', isBelow(['bytes'], Uint8Array.of(255)), true],
  ['a member is compared', isAbove(['map', 'five'], 4n), true],
  ['an attribute is compared with another', isBelow(['seven'], attribute(['nine'])), true],
  ['an attribute is compared with a member', isAbove(['seven'], attribute(['map', 'five'])), true],
];

const equalities: Case[] = [
  ['a text equals the same text', equals(['text'], 'banana'), true],
  ['a binary equals the same bytes', equals(['bytes'], Uint8Array.of(1, 2, 3)), true],
  ['a binary does not equal other bytes', equals(['bytes'], Uint8Array.of(1, 2)), false],
  ['a boolean equals itself', equals(['yes'], true), true],
  ['a boolean does not equal the other', equals(['yes'], false), false],
  ['a list equals one with the same members', equals(['list'], ['a', 1n]), true],
  ['a list does not equal another order', equals(['list'], [1n, 'a']), false],
  ['an empty list equals an empty list', equals(['noList'], []), true],
  ['an empty list does not equal an empty map', equals(['noList'], { value: {} }), false],
  [
    'a map equals one with the same members in another order',
    equals(['map'], { value: { inner: { deep: true }, word: 'x', five: 5n } }),
    true,
  ],
  ['a map does not equal one with fewer', equals(['map'], { value: { five: 5n } }), false],
];

const mismatches: Case[] = [false, true].flatMap((isMember): Case[] => {
  const nowhere: Path = isMember ? ['map', 'six'] : ['eight'];
  const where = isMember ? 'an absent member' : 'an absent attribute';
  return [
    [`${where} equals nothing`, equals(nowhere, 7n), false],
    [`${where} is below nothing`, isBelow(nowhere, 7n), false],
    [`${where} is at most nothing`, isAtMost(nowhere, 7n), false],
    [`${where} is above nothing`, isAbove(nowhere, 7n), false],
    [`${where} is at least nothing`, isAtLeast(nowhere, 7n), false],
    [`nothing is below ${where}`, isBelow(['seven'], attribute(nowhere)), false],
    [`nothing is above ${where}`, isAbove(['seven'], attribute(nowhere)), false],
    [`the size of ${where} is not even below one`, isBelow(sizeOf(nowhere), 1n), false],
  ];
});

const otherTypes: Case[] = [
  ['an absent attribute does not equal another absent one', equals(['eight'], attribute(['six'])), false],
  ['a number does not equal its text', equals(['seven'], '7'), false],
  ['a number is not below a text', isBelow(['seven'], '8'), false],
  ['a number is not above a text', isAbove(['seven'], '6'), false],
  ['a text is not below a number', isBelow(['text'], 8n), false],
  ['a text is not at least a binary', isAtLeast(['text'], Uint8Array.of(0)), false],
  ['a text does not equal its bytes', equals(['text'], new TextEncoder().encode('banana')), false],
  ['a boolean does not equal a number', equals(['yes'], 1n), false],
  ['a list is not below a number', isBelow(['list'], 3n), false],
  ['a map is not above a number', isAbove(['map'], 0n), false],
  ['a number is not below a text of another attribute', isBelow(['seven'], attribute(['text'])), false],
];

const sizes: Case[] = [
  ['the size of a list counts its members', equals(sizeOf(['list']), 2n), true],
  ['the size of an empty list is 0', equals(sizeOf(['noList']), 0n), true],
  ['the size of a map counts its members', equals(sizeOf(['map']), 3n), true],
  ['the size of an empty map is 0', isBelow(sizeOf(['noMap']), 1n), true],
  ['the size of a binary counts its bytes', equals(sizeOf(['bytes']), 3n), true],
  ['the size of an empty binary is 0', equals(sizeOf(['noBytes']), 0n), true],
  ['the size of a text counts its bytes', equals(sizeOf(['text']), 6n), true],
  ['the size of a member', equals(sizeOf(['map', 'word']), 1n), true],
  ['sizes are ordered', isAtLeast(sizeOf(['list']), 3n), false],
  ['a number is compared with a size', isAbove(['seven'], sizeOf(['list'])), true],
];

const combinations: Case[] = [
  ['all: both true', all(exists(['seven']), absent(['eight'])), true],
  ['all: one false', all(exists(['seven']), exists(['eight'])), false],
  ['all: one alone', all(exists(['seven'])), true],
  ['any: one true', any(exists(['eight']), exists(['seven'])), true],
  ['any: none true', any(exists(['eight']), absent(['seven'])), false],
  ['any within all', all(exists(['seven']), any(exists(['eight']), equals(['nine'], 9n))), true],
  ['all within any', any(all(exists(['seven']), exists(['eight'])), equals(['nine'], 1n)), false],
  [
    'any binds no looser than all around it',
    all(any(exists(['seven']), exists(['nine'])), exists(['eight'])),
    false,
  ],
];

const cases: Case[] = [
  ...presence,
  ...orders,
  ...equalities,
  ...mismatches,
  ...otherTypes,
  ...sizes,
  ...combinations,
];

export function conditionsSuite(engine: Engine): void {
  describe('conditions', () => {
    const stores = useStores(engine);

    for (const [what, condition, isTrue] of cases) {
      // A stand-in's known fault is expected to fail, so that its end is noticed.
      const judge = engine.wronglyTakes?.includes(what) ? test.fails : test;
      judge(what, async () => {
        const store = stores().metadata;
        const key = freshKey();
        await store.put(key, item);
        expect(await tryWrite(store.update(key, { changes: [set(['touched'], true)], condition }))).toBe(
          isTrue,
        );
        expect(await store.get(key)).toEqual(isTrue ? { ...item, touched: true } : item);
      });
    }

    test('a put whose condition is false changes nothing', async () => {
      const store = stores().metadata;
      const key = freshKey();
      await store.put(key, { n: 1n }, absent(['n']));
      await expectRefused(store.put(key, { n: 2n }, absent(['n'])), 'conditionFailed');
      expect(await store.get(key)).toEqual({ n: 1n });
    });

    test('a remove whose condition is false changes nothing', async () => {
      const store = stores().metadata;
      const key = freshKey();
      await store.put(key, { n: 1n });
      await expectRefused(store.remove(key, equals(['n'], 2n)), 'conditionFailed');
      expect(await store.get(key)).toEqual({ n: 1n });
      await store.remove(key, equals(['n'], 1n));
      expect(await store.get(key)).toBeUndefined();
    });

    test('on an absent item everything is absent', async () => {
      const store = stores().metadata;
      const key = freshKey();
      const touch = [set(['touched'], true)];
      await expectRefused(store.update(key, { changes: touch, condition: exists(['n']) }), 'conditionFailed');
      await expectRefused(store.remove(key, exists(['n'])), 'conditionFailed');
      await expectRefused(store.put(key, {}, isBelow(['n'], 1n)), 'conditionFailed');
      expect(await store.get(key)).toBeUndefined();
      await store.update(key, { changes: touch, condition: absent(['n']) });
      expect(await store.get(key)).toEqual({ touched: true });
    });
  });
}
