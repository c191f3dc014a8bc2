import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { topicPartitions, withEpochs } from '../../../shared/groups/topic-partitions.ts';
import type { ClassicMember } from '../../../shared/storage/items/classic-members.ts';
import type { ConsumerMember } from '../../../shared/storage/items/consumer-members.ts';
import {
  type ClassicCell,
  type ConsumerCell,
  packMembers,
  readGroupCell,
  rosterOf,
  writeGroupCell,
} from '../../../shared/storage/items/group-cell.ts';
import { memberOfLease, readMemberLease } from '../../../shared/storage/items/member-lease.ts';
import {
  memberOfSubscription,
  memberSubscriptionKey,
  readMemberSubscription,
  writeMemberSubscription,
} from '../../../shared/storage/items/member-subscription.ts';
import { cellIn, hashOf, member, request } from './classic-cells.ts';
import { consumer, consumerCell } from './consumer-cells.ts';

const text = fc.string({ unit: 'binary', maxLength: 12 });
const name = text.filter((value) => value !== '');
const nullable = fc.option(name, { nil: null });

const classicMember: fc.Arbitrary<ClassicMember> = fc
  .record({
    memberId: name,
    groupInstanceId: nullable,
    protocolNames: fc.array(name, { minLength: 1, maxLength: 3 }),
    metadataBytes: fc.nat(300_000),
    sessionTimeoutMs: fc.nat(),
    rebalanceTimeoutMs: fc.nat(),
    joined: fc.boolean(),
    requestId: fc.nat(999_999).map(request),
  })
  .map((changes) => member('', { ...changes, subscription: hashOf(changes.memberId) }));

const partitions = fc
  .array(fc.tuple(fc.constantFrom('t1', 't2', 't3'), fc.nat(40)), { maxLength: 30 })
  .map(topicPartitions);

const consumerMember: fc.Arbitrary<ConsumerMember> = fc
  .record({
    memberId: name,
    groupInstanceId: nullable,
    rackId: nullable,
    clientId: text,
    clientHost: text,
    memberEpoch: fc.integer({ min: -2, max: 2 ** 31 - 1 }),
    previousMemberEpoch: fc.nat(),
    state: fc.constantFrom('STABLE', 'UNREVOKED', 'UNRELEASED'),
    rebalanceTimeoutMs: fc.nat(),
    revokeByMs: fc.nat().map((ms) => ms * 1_000),
    subscribedTopicNames: fc.array(name, { maxLength: 4 }),
    subscribedTopicRegex: nullable,
    serverAssignor: nullable,
    pendingRevocation: partitions,
    target: partitions,
    hasLeft: fc.boolean(),
  })
  .chain((changes) =>
    fc.tuple(fc.constant(changes), partitions, fc.nat(9)).map(([fields, assigned, epoch]) => ({
      ...consumer('', fields as Partial<Omit<ConsumerMember, 'assigned'>>),
      assigned: withEpochs(assigned, new Map(), epoch),
    })),
  );

describe('a cell comes back as it was written', () => {
  const written = (cell: ClassicCell | ConsumerCell) =>
    readGroupCell(writeGroupCell(cell, packMembers(cell)));

  test('of a classic group', () => {
    fc.assert(
      fc.property(fc.array(classicMember, { maxLength: 6 }), (members) => {
        const cell = cellIn('Stable', members);
        expect(written(cell)).toEqual(cell);
      }),
      { numRuns: 100 },
    );
  });

  test('of a KIP-848 group', () => {
    fc.assert(
      fc.property(fc.array(consumerMember, { maxLength: 6 }), (members) => {
        const cell = consumerCell(members);
        expect(written(cell)).toEqual(cell);
      }),
      { numRuns: 100 },
    );
  });

  test('with its members in a roster', () => {
    const cell = cellIn('PreparingRebalance');
    const item = writeGroupCell(cell, 'roster#1#x');
    expect(rosterOf(item)).toBe('roster#1#x');
    expect(readGroupCell(item, packMembers(cell))).toEqual(cell);
  });
});

test('a member of a classic group takes about 0.1 KB, one of a KIP-848 group 40 bytes and 4 a partition', () => {
  const classic = Array.from({ length: 500 }, (_, number) => member(`consumer-1-${number}`.padEnd(40, 'x')));
  expect(packMembers(cellIn('Stable', classic)).length / 500).toBeLessThan(110);
  const assigned = topicPartitions(
    Array.from({ length: 8 }, (_, number): [string, number] => [
      'f81d4fae-7dec-11d0-a765-00a0c91e6bf6',
      number * 3,
    ]),
  );
  const consumers = Array.from({ length: 250 }, (_, number) =>
    consumer(`${number}`.padEnd(22, 'x'), { assigned }),
  );
  expect(packMembers(consumerCell(consumers)).length / 250).toBeLessThan(40 + 8 * 8);
});

test('what a newer version wrote is refused', () => {
  const cell = cellIn('Stable');
  const packed = packMembers(cell);
  packed[0] = 9;
  expect(() => readGroupCell(writeGroupCell(cell, packed))).toThrow('newer version');
  expect(() => readGroupCell({ ...writeGroupCell(cell, packed), f: 9n })).toThrow('newer version');
});

test('member ids with the signs of keys in them are found again', () => {
  const key = memberSubscriptionKey('g', 'a#b#', hashOf('x'));
  expect(memberOfSubscription(key)).toEqual({ memberId: 'a#b#', hash: hashOf('x') });
  expect(memberOfLease({ pk: 'g#g', sk: 'lease#a#b' })).toBe('a#b');
});

test('a subscription comes back as it was written', () => {
  const subscription = {
    protocolType: 'consumer',
    protocols: [
      { name: 'range', metadata: Uint8Array.from([1, 2]) },
      { name: 'sticky', metadata: new Uint8Array() },
    ],
    groupInstanceId: null,
    clientId: 'client',
    clientHost: '/127.0.0.1',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    requestId: request(7),
    cameWithoutId: true,
  };
  expect(readMemberSubscription(writeMemberSubscription(subscription))).toEqual(subscription);
});

test('a lease without wishes has none', () => {
  expect(readMemberLease({ t: 'l', f: 1n, until: 5n })).toEqual({ untilMs: 5, pending: false });
});
