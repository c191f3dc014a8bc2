import type { Item } from '../../shared/storage/item.ts';
import { newPartitionHead } from '../../shared/storage/items/partition-head.ts';
import {
  absent,
  add,
  all,
  any,
  append,
  attribute,
  dropFirst,
  equals,
  exists,
  isAbove,
  isAtLeast,
  isAtMost,
  isBelow,
  set,
  setFrom,
  sizeOf,
  type Update,
  unset,
} from '../../shared/storage/metadata-store.ts';

/**
 * Every expression of the storage design, written by hand: an update, states that it fits, and states that
 * refuse it.
 */
export type HeadCase = {
  update: Update;
  /** A head before, as it differs from a new one, and what it differs in afterwards. */
  applied: readonly (readonly [before: Item, after: Item])[];
  refused: readonly Item[];
};

export const epoch = (of: bigint, sequence: bigint): bigint => of * 2n ** 32n + sequence;
export const entry = (of: number, bytes = 48): Uint8Array => new Uint8Array(bytes).fill(of);
const entries = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => entry(at));

const room = [isBelow(sizeOf(['tail']), 48n), isBelow(['tailBytes'], 2_048n), isBelow(['swept'], 1_000n)];
const appended = [add(['next'], 3n), append(['tail'], [entry(9)]), add(['tailBytes'], 48n)];
const afterAppend = { next: 3n, tail: [entry(9)], tailBytes: 48n };
const full: Item[] = [{ tail: entries(48) }, { tailBytes: 2_048n }, { swept: 1_000n }];
const producer = ['prod', '77'] as const;
const was = epoch(5n, 0n);
const now = epoch(5n, 3n);
const isNew = { prod: { 77: now } };
const no = ['txnNo', '77'] as const;
const endedBefore = all(isAbove(no, -4n), isBelow(no, 0n));
const mayOpen = any(absent(no), endedBefore);
const segment = { object: 'log/a/b', base: 0n, next: 32n };

const appends: Record<string, HeadCase> = {
  'append, plain': {
    update: { changes: appended, condition: all(...room) },
    applied: [
      [{}, afterAppend],
      [
        { tail: entries(47), tailBytes: 2_047n, swept: 999n },
        { next: 3n, tail: [...entries(47), entry(9)], tailBytes: 2_095n, swept: 999n },
      ],
    ],
    refused: full,
  },
  'append of a group of two': {
    update: {
      changes: [
        add(['next'], 5n),
        append(['tail'], [entry(1), entry(2)]),
        add(['tailBytes'], 96n),
        set(producer, now),
      ],
      condition: all(...room, equals(producer, was)),
    },
    applied: [[{ prod: { 77: was } }, { next: 5n, tail: [entry(1), entry(2)], tailBytes: 96n, ...isNew }]],
    refused: [...full.map((state) => ({ ...state, prod: { 77: was } })), { prod: { 77: now } }],
  },
  'append, idempotent, not the first': {
    update: { changes: [...appended, set(producer, now)], condition: all(...room, equals(producer, was)) },
    applied: [[{ prod: { 77: was } }, { ...afterAppend, ...isNew }]],
    refused: [{}, { prod: { 77: now } }, { prod: { 78: was } }, { prod: { 77: was }, swept: 1_000n }],
  },
  'append, idempotent, the first of an epoch': {
    update: {
      changes: [...appended, set(producer, now)],
      condition: all(
        ...room,
        any(
          equals(producer, was),
          isBelow(producer, epoch(5n, 0n)),
          all(absent(producer), equals(['evicted'], 0n)),
        ),
      ),
    },
    applied: [
      [{}, { ...afterAppend, ...isNew }],
      [{ prod: { 77: was } }, { ...afterAppend, ...isNew }],
      [
        { prod: { 77: epoch(4n, 900n) }, evicted: 7n },
        { ...afterAppend, ...isNew, evicted: 7n },
      ],
    ],
    refused: [{ evicted: 1n }, { prod: { 77: now } }, { prod: { 77: epoch(6n, 0n) } }, ...full],
  },
  'append, of a producer that the head does not hold': {
    update: {
      changes: [...appended, set(producer, now)],
      condition: all(...room, absent(producer), equals(['evicted'], 7n)),
    },
    applied: [[{ evicted: 7n }, { ...afterAppend, ...isNew, evicted: 7n }]],
    refused: [{}, { evicted: 8n }, { evicted: 7n, prod: { 77: was } }],
  },
  'append, transactional': {
    update: {
      changes: [...appended, set(producer, now)],
      condition: all(...room, equals(producer, was), equals(no, 4n)),
    },
    applied: [
      [
        { prod: { 77: was }, txnNo: { 77: 4n } },
        { ...afterAppend, ...isNew, txnNo: { 77: 4n } },
      ],
    ],
    refused: [{ prod: { 77: was } }, { prod: { 77: was }, txnNo: { 77: -4n } }, { txnNo: { 77: 4n } }],
  },
};

const housekeeping: Record<string, HeadCase> = {
  'page out': {
    update: {
      changes: [
        set(['paged'], 16n),
        add(['tailBytes'], -768n),
        dropFirst(['tail'], 16),
        set(['pagedBytes'], 9_000n),
        set(['pagedMaxTs'], 1_700_000_000_000n),
      ],
      condition: equals(['paged'], 0n),
    },
    applied: [
      [
        { tail: entries(20), tailBytes: 960n, next: 20n },
        {
          tail: entries(20).slice(16),
          tailBytes: 192n,
          next: 20n,
          paged: 16n,
          pagedBytes: 9_000n,
          pagedMaxTs: 1_700_000_000_000n,
        },
      ],
      [
        { tail: entries(16), tailBytes: 768n },
        { tailBytes: 0n, paged: 16n, pagedBytes: 9_000n, pagedMaxTs: 1_700_000_000_000n },
      ],
    ],
    refused: [{ tail: entries(20), paged: 16n }, { tail: entries(15) }],
  },
  'eviction of a producer that never had a transaction': {
    update: {
      changes: [add(['evicted'], 1n), unset(producer), unset(no)],
      condition: all(equals(producer, was), absent(no)),
    },
    applied: [
      [
        { prod: { 77: was, 78: 1n }, txnNo: { 78: -1n } },
        { prod: { 78: 1n }, txnNo: { 78: -1n }, evicted: 1n },
      ],
    ],
    refused: [{}, { prod: { 77: now } }, { prod: { 77: was }, txnNo: { 77: -1n } }],
  },
  'eviction of a producer with an ended transaction': {
    update: {
      changes: [add(['evicted'], 1n), unset(producer), unset(no)],
      condition: all(equals(producer, was), equals(no, -3n)),
    },
    applied: [[{ prod: { 77: was }, txnNo: { 77: -3n } }, { evicted: 1n }]],
    refused: [
      { prod: { 77: was } },
      { prod: { 77: was }, txnNo: { 77: 4n } },
      { prod: { 77: was }, txnNo: { 77: -4n } },
    ],
  },
  'roll, the decision': {
    update: {
      changes: [set(['rolled'], 32n), set(['newSeg'], segment)],
      condition: all(
        equals(['rolled'], 0n),
        isAtLeast(['paged'], 32n),
        isBelow(['swept'], 500n),
        absent(['newSeg']),
      ),
    },
    applied: [[{ paged: 32n }, { paged: 32n, rolled: 32n, newSeg: segment }]],
    refused: [
      { paged: 16n },
      { paged: 32n, rolled: 16n },
      { paged: 32n, swept: 500n },
      { paged: 32n, newSeg: segment },
    ],
  },
  'roll, the last step': {
    update: { changes: [unset(['newSeg'])], condition: equals(['newSeg', 'object'], 'log/a/b') },
    applied: [[{ newSeg: segment }, {}]],
    refused: [{}, { newSeg: { ...segment, object: 'log/a/c' } }],
  },
  'sweep, the fence': {
    update: { changes: [set(['swept'], 500n)], condition: isBelow(['swept'], 500n) },
    applied: [[{}, { swept: 500n }]],
    refused: [{ swept: 500n }, { swept: 501n }],
  },
  'retention, the start': {
    update: {
      changes: [set(['start'], 40n)],
      condition: all(isBelow(['start'], 40n), isAtLeast(['next'], 40n)),
    },
    applied: [[{ next: 40n }, { next: 40n, start: 40n }]],
    refused: [{ next: 39n }, { next: 40n, start: 40n }],
  },
};

const transactions: Record<string, HeadCase> = {
  'transaction, register of a producer in the head': {
    update: {
      changes: [setFrom(['txnAt', '77'], ['next']), set(no, 4n), set(producer, was)],
      condition: all(exists(['txnAt']), mayOpen, equals(producer, was)),
    },
    applied: [
      [
        { next: 9n, prod: { 77: was } },
        { next: 9n, prod: { 77: was }, txnAt: { 77: 9n }, txnNo: { 77: 4n } },
      ],
      [
        { prod: { 77: was }, txnNo: { 77: -3n } },
        { prod: { 77: was }, txnAt: { 77: 0n }, txnNo: { 77: 4n } },
      ],
    ],
    refused: [{}, { prod: { 77: was }, txnNo: { 77: -4n } }, { prod: { 77: was }, txnNo: { 77: 3n } }],
  },
  'transaction, register of a producer that was moved out': {
    update: {
      changes: [setFrom(['txnAt', '77'], ['next']), set(no, 4n), set(producer, was)],
      condition: all(
        exists(['txnAt']),
        mayOpen,
        any(equals(producer, was), all(absent(producer), equals(['evicted'], 7n))),
      ),
    },
    applied: [[{ evicted: 7n }, { evicted: 7n, prod: { 77: was }, txnAt: { 77: 0n }, txnNo: { 77: 4n } }]],
    refused: [{ evicted: 8n }, { evicted: 7n, prod: { 77: now } }],
  },
  'transaction, the marker': {
    update: {
      changes: [
        add(['next'], 1n),
        append(['tail'], [entry(9)]),
        add(['tailBytes'], 48n),
        set(no, -4n),
        unset(['txnAt', '77']),
      ],
      condition: equals(no, 4n),
    },
    applied: [
      [
        { txnAt: { 77: 0n, 78: 1n }, txnNo: { 77: 4n } },
        { next: 1n, tail: [entry(9)], tailBytes: 48n, txnAt: { 78: 1n }, txnNo: { 77: -4n } },
      ],
    ],
    refused: [{}, { txnNo: { 77: 5n } }, { txnNo: { 77: -4n } }],
  },
  'transaction, the close of a late registration': {
    update: { changes: [set(no, -4n)], condition: all(exists(producer), mayOpen) },
    applied: [
      [
        { prod: { 77: was }, txnNo: { 77: -3n } },
        { prod: { 77: was }, txnNo: { 77: -4n } },
      ],
    ],
    refused: [{}, { prod: { 77: was }, txnNo: { 77: 4n } }, { prod: { 77: was }, txnNo: { 77: -5n } }],
  },
  'transaction, the close for a producer that was moved out': {
    update: {
      changes: [set(no, -4n), set(producer, was)],
      condition: all(absent(producer), absent(no), equals(['evicted'], 7n)),
    },
    applied: [[{ evicted: 7n }, { evicted: 7n, prod: { 77: was }, txnNo: { 77: -4n } }]],
    refused: [{ evicted: 8n }, { evicted: 7n, prod: { 77: was } }],
  },
  'an attribute compared with another, and bounds': {
    update: {
      changes: [set(['start'], 1n)],
      condition: all(isAtMost(['start'], attribute(['next'])), isAbove(['next'], attribute(['rolled']))),
    },
    applied: [[{ next: 2n }, { next: 2n, start: 1n }]],
    refused: [{}, { next: 2n, start: 3n }, { next: 2n, rolled: 2n }],
  },
};

export const headCases = Object.entries({ ...appends, ...housekeeping, ...transactions });
export const headWith = (differences: Item): Item => ({ ...newPartitionHead('orders'), ...differences });
