import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ClassicEvent, Moment } from '../../../shared/groups/classic-events.ts';
import { decideClassic } from '../../../shared/groups/classic-group.ts';
import type { ConsumerEvent } from '../../../shared/groups/consumer-events.ts';
import { consumerGroupState, decideConsumer } from '../../../shared/groups/consumer-group.ts';
import { noPartitions, pairsOf, withoutEpochs } from '../../../shared/groups/topic-partitions.ts';
import type { TopicPartitions } from '../../../shared/storage/items/consumer-members.ts';
import { absentCell, type ClassicCell, type ConsumerCell } from '../../../shared/storage/items/group-cell.ts';
import { at, hashOf, join, request, sync } from './classic-cells.ts';
import { beat, joinBeat, moment, noCell } from './consumer-cells.ts';

/** Random sequences of events keep what must never break, whatever comes after whatever. */

const names = ['a', 'b', 'c', 'd'];

type Step = { afterMs: number; event: ClassicEvent };

const classicStep: fc.Arbitrary<Step> = fc
  .record({
    kind: fc.constantFrom('join', 'join', 'join', 'static', 'leave', 'expire', 'sync', 'sync', 'unsynced'),
    memberId: fc.constantFrom(...names),
    other: fc.boolean(),
    isNew: fc.boolean(),
    requestNumber: fc.nat(50),
    generationId: fc.nat(8),
    nonce: fc.constantFrom('x', 'y', 'z'),
    afterMs: fc.constantFrom(0, 0, 10, 1_000, 30_000, 61_000),
  })
  .map(({ kind, memberId, other, isNew, requestNumber, generationId, nonce, afterMs }) => {
    const changes = {
      requestId: request(requestNumber),
      subscription: hashOf(`${memberId}${other}`),
      protocolNames: other ? ['range', 'sticky'] : ['range'],
    };
    const events: Record<string, ClassicEvent> = {
      join: join(memberId, { ...changes, admits: isNew }),
      static: join(`${memberId}${requestNumber}`, {
        ...changes,
        admits: true,
        cameWithoutId: true,
        groupInstanceId: memberId,
      }),
      leave: { kind: 'leave', memberId },
      expire: { kind: 'expire', memberId },
      sync: sync(memberId, { generationId, assignments: { nonce, chunks: 1 } }),
      unsynced: { kind: 'unsynced', generationId, memberIds: [memberId] },
    };
    return { afterMs, event: events[kind] as ClassicEvent };
  });

/** A sync of the leader of the moment, so that groups become stable too. */
const asLeader = (cell: ClassicCell, event: ClassicEvent): ClassicEvent =>
  event.kind === 'sync' && event.assignments.nonce !== 'z'
    ? { ...event, memberId: cell.leader, generationId: cell.generation }
    : event;

function checkClassic(cell: ClassicCell, before: ClassicCell): void {
  expect(cell.generation).toBeGreaterThanOrEqual(before.generation);
  expect(cell.fence >= before.fence).toBe(true);
  const ids = cell.members.map(({ memberId }) => memberId);
  expect(new Set(ids).size).toBe(ids.length);
  const instances = cell.members.flatMap(({ groupInstanceId }) => groupInstanceId ?? []);
  expect(new Set(instances).size).toBe(instances.length);
  expect(cell.members.length === 0).toBe(cell.state === 'Empty' || cell.state === 'Dead');
  expect(cell.sweepAtMs > 0).toBe(cell.members.length > 0);
  expect(cell.assignments !== null).toBe(cell.state === 'Stable');
  if (cell.state === 'CompletingRebalance' || cell.state === 'Stable') {
    expect(ids).toContain(cell.leader);
    for (const { protocolNames } of cell.members) expect(protocolNames).toContain(cell.protocolName);
  }
  if (cell.state === 'PreparingRebalance') expect(cell.deadlineMs).toBeGreaterThan(0);
  const lostRight = before.members.filter(({ memberId }) => !ids.includes(memberId));
  const isReplaced = lostRight.some(
    ({ groupInstanceId }) => groupInstanceId !== null && instances.includes(groupInstanceId),
  );
  // Who is gone may commit until the next generation, unless somebody else has its place already.
  if (isReplaced || cell.generation > before.generation) expect(cell.fence).toBeGreaterThan(before.fence);
}

describe('a classic group', () => {
  test('keeps its invariants; generation and fence never go back; one assignment a generation (I11)', () => {
    fc.assert(
      fc.property(
        fc.array(classicStep, { maxLength: 60 }),
        fc.constantFrom(0, 3_000),
        (steps, initialRebalanceDelayMs) => {
          let cell: ClassicCell = absentCell;
          let nowMs = 0;
          const assigned = new Map<number, string>();
          for (const { afterMs, event } of steps) {
            nowMs += afterMs;
            const now: Moment = at(nowMs, { initialRebalanceDelayMs });
            const after = decideClassic(cell, [asLeader(cell, event)], now).cell;
            checkClassic(after, cell);
            if (after.assignments !== null) {
              const known = assigned.get(after.generation) ?? after.assignments.nonce;
              expect(after.assignments.nonce).toBe(known);
              assigned.set(after.generation, known);
            }
            cell = after;
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('folds an event a second time without a change', () => {
    fc.assert(
      fc.property(fc.array(classicStep, { maxLength: 40 }), (steps) => {
        let cell: ClassicCell = absentCell;
        let nowMs = 0;
        for (const { afterMs, event } of steps) {
          nowMs += afterMs;
          const once = decideClassic(cell, [asLeader(cell, event)], at(nowMs)).cell;
          const twice = decideClassic(once, [asLeader(cell, event)], at(nowMs)).cell;
          // A join of an id that has just been expelled by the end of its round is a new one.
          const isMember =
            event.kind !== 'join' || once.members.some((member) => member.memberId === event.memberId);
          // Nobody can sync for a generation that nobody has been told of yet.
          const isTold = event.kind !== 'sync' || event.generationId <= cell.generation;
          if (isMember && isTold) expect(twice).toBe(once);
          cell = once;
        }
      }),
      { numRuns: 200 },
    );
  });

  test('becomes stable when everybody alive joins and the leader syncs', () => {
    fc.assert(
      fc.property(fc.array(classicStep, { maxLength: 40 }), (steps) => {
        let cell: ClassicCell = absentCell;
        let nowMs = 0;
        for (const { afterMs, event } of steps) {
          nowMs += afterMs;
          cell = decideClassic(cell, [asLeader(cell, event)], at(nowMs)).cell;
        }
        const ids = cell.members.length === 0 ? ['a'] : cell.members.map(({ memberId }) => memberId);
        const joins = ids.map((memberId, place) =>
          join(memberId, {
            admits: true,
            requestId: request(100 + place),
            subscription: hashOf('last'),
            protocolNames: ['range', 'sticky'],
          }),
        );
        cell = decideClassic(cell, joins, at(nowMs)).cell;
        if (cell.state === 'PreparingRebalance') cell = decideClassic(cell, [], at(nowMs + 61_000)).cell;
        const last = sync(cell.leader, { generationId: cell.generation });
        cell = decideClassic(cell, [last], at(nowMs + 61_000)).cell;
        expect(cell.state).toBe('Stable');
      }),
      { numRuns: 200 },
    );
  });
});

type Client = { memberEpoch: number; owned: TopicPartitions; target: TopicPartitions };
type Beat = { memberId: string; afterMs: number; does: string; partitions: number };

const consumerBeat: fc.Arbitrary<Beat> = fc.record({
  memberId: fc.constantFrom(...names),
  afterMs: fc.constantFrom(0, 100, 1_000, 5_000, 31_000),
  does: fc.constantFrom('beat', 'beat', 'beat', 'beat', 'lost', 'begin', 'leave', 'expire', 'full'),
  partitions: fc.constantFrom(5, 5, 5, 7, 3),
});

/** A KIP-848 group with clients that own what they were told, and give back before they say so. */
class Model {
  cell: ConsumerCell = noCell;
  nowMs = 0;
  readonly clients = new Map<string, Client>();

  step({ memberId, afterMs, does, partitions }: Beat): void {
    this.nowMs += afterMs;
    const client = this.clients.get(memberId);
    if (client === undefined || does === 'begin') {
      this.fold(this.begin(memberId), partitions);
      return;
    }
    if (does === 'leave' || does === 'expire') {
      this.clients.delete(memberId);
      const leave = { kind: 'consumerLeave', memberId, groupInstanceId: null, comesBack: false } as const;
      this.fold(does === 'leave' ? leave : { kind: 'consumerExpire', memberId }, partitions);
      return;
    }
    // First it does as it was told: it gives back, and takes.
    client.owned = client.target;
    const full = {
      subscribedTopicNames: ['orders'],
      rebalanceTimeoutMs: 30_000,
      owned: client.owned,
      isFull: true,
    };
    const said = does === 'full' || does === 'lost' ? full : { owned: client.owned };
    this.fold(beat(memberId, client.memberEpoch, said), partitions, does === 'lost');
  }

  /** Whoever begins again has dropped everything. */
  private begin(memberId: string): ConsumerEvent {
    this.clients.set(memberId, { memberEpoch: 0, owned: noPartitions, target: noPartitions });
    return joinBeat(memberId);
  }

  private fold(event: ConsumerEvent, partitions: number, isLost = false): void {
    const before = this.cell;
    const decision = decideConsumer(before, [event], moment(this.nowMs, partitions));
    this.cell = decision.cell;
    expect(this.cell.generation).toBeGreaterThanOrEqual(before.generation);
    expect(this.cell.fence >= before.fence).toBe(true);
    const [answer] = decision.answers;
    const client = this.clients.get(event.memberId);
    if (client === undefined || isLost) return;
    if (answer?.is === 'refused') this.clients.delete(event.memberId);
    if (answer?.is !== 'heartbeat') return;
    client.memberEpoch = answer.memberEpoch;
    client.target = answer.assignment ?? client.target;
    // It stops with what it has to give back at once; it takes what is new.
    client.owned = client.target;
  }

  check(): void {
    const inCell = this.cell.members.flatMap((member) => [
      ...pairsOf(withoutEpochs(member.assigned)),
      ...pairsOf(member.pendingRevocation),
    ]);
    expect(new Set(inCell.map(String)).size, 'in the cell').toBe(inCell.length);
    const living = this.cell.members.flatMap(({ memberId }) => this.clients.get(memberId) ?? []);
    const owned = living.flatMap((client) => pairsOf(client.owned).map(String));
    expect(new Set(owned).size, 'in the clients').toBe(owned.length);
  }
}

describe('a KIP-848 group', () => {
  test('never has a partition in two hands, in the cell or in its members (I11)', () => {
    fc.assert(
      fc.property(fc.array(consumerBeat, { maxLength: 60 }), (beats) => {
        const model = new Model();
        for (const one of beats) {
          model.step(one);
          model.check();
        }
      }),
      { numRuns: 300 },
    );
  });

  test('comes to rest with every partition in one hand, as even as it can be', () => {
    fc.assert(
      fc.property(fc.array(consumerBeat, { maxLength: 40 }), (beats) => {
        const model = new Model();
        for (const one of beats) model.step(one);
        for (let round = 0; round < 12; round++) {
          for (const memberId of names) {
            model.step({ memberId, afterMs: 400, does: 'beat', partitions: 5 });
            model.check();
          }
        }
        expect(consumerGroupState(model.cell)).toBe('Stable');
        const counts = model.cell.members.map(({ assigned }) => pairsOf(withoutEpochs(assigned)).length);
        expect(counts.sort()).toEqual([1, 1, 1, 2]);
      }),
      { numRuns: 150 },
    );
  });
});
