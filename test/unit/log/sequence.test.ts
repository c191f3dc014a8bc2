import { describe, expect, test } from 'vitest';
import { producerValue } from '../../../shared/log/producer-sequence.ts';
import { type BatchToSequence, mayFollow, sequence } from '../../../shared/log/sequence.ts';
import { afterChanges, holds } from '../../../shared/storage/expressions.ts';
import type { Item } from '../../../shared/storage/item.ts';
import { newPartitionHead } from '../../../shared/storage/items/partition-head.ts';

const thresholds = {
  entryBytesMax: 160,
  itemBytesMax: 4096,
  expires: false,
  groupEntriesMax: 32,
  groupBytesMax: 1024,
  tailEntriesMax: 3,
  tailBytesMax: 100,
};

const batch = (
  of: Partial<BatchToSequence> & { id?: bigint; epoch?: number; base?: number } = {},
): BatchToSequence => ({
  encodedEntry: new Uint8Array(10),
  recordCount: of.recordCount ?? 2,
  form: of.form ?? { is: 'expected' },
  ...(of.stagedMs === undefined ? {} : { stagedMs: of.stagedMs }),
  ...(of.id === undefined
    ? {}
    : { producer: { producerId: of.id, producerEpoch: of.epoch ?? 0, baseSequence: of.base ?? 0 } }),
});

/** The head after the update, or 'refused'. */
function sent(head: Item | undefined, ...group: BatchToSequence[]): Item | 'refused' {
  const { changes, condition } = sequence(group, thresholds);
  return condition && !holds(condition, head) ? 'refused' : afterChanges(head ?? {}, changes);
}
const head = (over: Item = {}): Item => ({ ...newPartitionHead(), ...over });

describe('the update that gives a batch its offset', () => {
  test('grows next, tail and tailBytes by the whole group in one step', () => {
    const after = sent(head(), batch(), batch({ recordCount: 5 }));
    expect(after).toMatchObject({ next: 7n, tailBytes: 20n });
    expect(after !== 'refused' && (after.tail as unknown[]).length).toBe(2);
  });

  test('is refused by an absent head: no update creates one', () => {
    expect(sent(undefined, batch())).toBe('refused');
    expect(sent(undefined, batch({ id: 1n }))).toBe('refused');
    expect(sent(undefined, batch({ id: 1n, base: 4, form: { is: 'absent', evicted: 0n } }))).toBe('refused');
  });

  test('is refused by a full tail', () => {
    expect(sent(head({ tail: [1n, 2n, 3n] }), batch())).toBe('refused');
    expect(sent(head({ tailBytes: 100n }), batch())).toBe('refused');
  });

  test('may not name what was staged at or before the sweep; what lies in the entry always may [2.b]', () => {
    const swept = head({ swept: 50n });
    expect(sent(swept, batch({ stagedMs: 50 }))).toBe('refused');
    expect(sent(swept, batch({ stagedMs: 60 }), batch({ stagedMs: 40 }))).toBe('refused');
    expect(sent(swept, batch({ stagedMs: 51 }))).not.toBe('refused');
    expect(sent(swept, batch())).not.toBe('refused');
  });

  test.each<[string, Item, BatchToSequence, boolean]>([
    ['a new producer while nobody was evicted', {}, batch({ id: 1n }), true],
    [
      'a new producer after an eviction: it may be the evicted one [1.a]',
      { evicted: 1n },
      batch({ id: 1n }),
      false,
    ],
    ['the expected sequence', { prod: { 1: producerValue(0, 4) } }, batch({ id: 1n, base: 4 }), true],
    ['another sequence', { prod: { 1: producerValue(0, 4) } }, batch({ id: 1n, base: 5 }), false],
    ['sequence 0 of a newer epoch', { prod: { 1: producerValue(0, 4) } }, batch({ id: 1n, epoch: 1 }), true],
    [
      'sequence 0 of an older epoch',
      { prod: { 1: producerValue(2, 4) } },
      batch({ id: 1n, epoch: 1 }),
      false,
    ],
    ['sequence 0 again', { prod: { 1: producerValue(0, 2) } }, batch({ id: 1n }), false],
    [
      'read as absent, and still',
      { evicted: 3n },
      batch({ id: 1n, base: 7, form: { is: 'absent', evicted: 3n } }),
      true,
    ],
    [
      'read as absent, evicted since',
      { evicted: 4n },
      batch({ id: 1n, base: 7, form: { is: 'absent', evicted: 3n } }),
      false,
    ],
    [
      'read as absent, back since',
      { evicted: 3n, prod: { 1: 1n } },
      batch({ id: 1n, base: 7, form: { is: 'absent', evicted: 3n } }),
      false,
    ],
  ])('%s', (_name, over, one, isTaken) => {
    expect(sent(head(over), one) !== 'refused').toBe(isTaken);
  });

  test('two batches of one producer in a group meet the value of the first and leave that of the last', () => {
    const after = sent(
      head({ prod: { 1: producerValue(0, 4) } }),
      batch({ id: 1n, base: 4 }),
      batch({ id: 1n, base: 6 }),
    );
    expect(after).toMatchObject({ prod: { 1: producerValue(0, 8) } });
  });

  test('a batch may follow its own predecessor only', () => {
    expect(mayFollow([batch({ id: 1n, base: 4 })], batch({ id: 1n, base: 6 }))).toBe(true);
    expect(mayFollow([batch({ id: 1n, base: 4 })], batch({ id: 1n, base: 7 }))).toBe(false);
    expect(mayFollow([batch({ id: 1n, base: 4 })], batch({ id: 1n, epoch: 1, base: 0 }))).toBe(false);
    expect(mayFollow([batch({ id: 2n, base: 4 })], batch({ id: 1n, base: 9 }))).toBe(true);
    expect(mayFollow([batch({ id: 1n, base: 4 })], batch())).toBe(true);
  });
});
