import { expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { AppendRepeat } from '../../shared/log/api.ts';
import type { OpenPartitionLogs } from '../../shared/log/partition-logs.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { stagingIdBytes } from '../../shared/log/staging-ids.ts';
import { appendOne, batchOf, logConfig, newPartition, openLogs, readAll } from '../support/log-engine.ts';
import type { OpenStores } from './engine.ts';

const clock = systemClock;
const random = systemRandom;
type World = () => { stores: OpenStores; logs: OpenPartitionLogs };

const sizes = [
  ['in the entry', 10],
  ['in an item', 2_000],
  ['in an object', 300_000],
] as const;

/** Appends that are sent again, by another process, after an answer was lost. */
export function appendRepeatTests(world: World): void {
  /** Each call is another process: nothing is known of earlier tries but what the caller tells. */
  const appendAll = async (
    batches: readonly { at: PartitionId; batch: Uint8Array; repeat: AppendRepeat }[],
  ) => {
    const logs = openLogs(world().stores, { clock, random });
    const requests = batches.map(({ at, batch, repeat }) => ({
      ...{ partition: at, config: logConfig, batch: batch.slice(), repeat },
    }));
    const answers = await logs.append(requests);
    await logs.drain();
    return answers.map((answer) => (answer instanceof KafkaError ? answer.errorName : answer.baseOffset));
  };
  const ids = (count: number) => Array.from({ length: count }, () => random.bytes(stagingIdBytes));
  const plainBatch = (value: string, length = 10) => batchOf([value.padEnd(length, '.')], clock.nowMs());

  test.each(sizes)('a plain batch staged %s and sent again is stored once', async (_where, length) => {
    const at = await newPartition(world().stores, clock);
    const batch = plainBatch('once', length);
    const [stagingId] = ids(1) as [Uint8Array];
    expect(await appendAll([{ at, batch, repeat: { stagingId, tries: 0 } }])).toEqual([0n]);
    expect(await appendAll([{ at, batch, repeat: { stagingId, tries: 1 } }])).toEqual([0n]);
    for (let n = 0; n < 20; n++) await appendOne(world().logs, at, plainBatch(`later ${n}`));
    await world().logs.drain();
    expect(await appendAll([{ at, batch, repeat: { stagingId, tries: 2 } }])).toEqual([0n]); // from a page
    expect(await readAll(world().logs, at, { maxBytes: 1_000_000 })).toHaveLength(21);
  });

  test.each(sizes)('a repeat of what never arrived is stored, staged %s', async (_where, length) => {
    const at = await newPartition(world().stores, clock);
    const [stagingId] = ids(1) as [Uint8Array];
    const batch = plainBatch('first to arrive', length);
    await appendOne(world().logs, at, plainBatch('before'));
    expect(await appendAll([{ at, batch, repeat: { stagingId, tries: 1 } }])).toEqual([1n]);
    expect(await appendAll([{ at, batch, repeat: { stagingId, tries: 2 } }])).toEqual([1n]);
    expect(await readAll(world().logs, at, { maxBytes: 1_000_000 })).toHaveLength(2);
  });

  test('equal batches of other appends are not taken for the repeat', async () => {
    const at = await newPartition(world().stores, clock);
    const batch = plainBatch('the same bytes', 300_000);
    const [first, second] = ids(2) as [Uint8Array, Uint8Array];
    await appendAll([{ at, batch, repeat: { stagingId: first, tries: 0 } }]);
    expect(await appendAll([{ at, batch, repeat: { stagingId: second, tries: 1 } }])).toEqual([1n]);
  });

  test('a repeated request finds each of its batches, also equal ones in one object', async () => {
    const { stores } = world();
    const partitions = [await newPartition(stores, clock), await newPartition(stores, clock)];
    const [a, b] = partitions as [PartitionId, PartitionId];
    const places = [a, b, a, b, a];
    const batches = places.map((at, n) => ({ at, batch: plainBatch('equal', 300_000), id: ids(1)[0], n }));
    const tried = (tries: number) =>
      appendAll(
        batches.map(({ id, ...rest }) => ({ ...rest, repeat: { stagingId: id as Uint8Array, tries } })),
      );
    expect(await tried(0)).toEqual([0n, 0n, 1n, 1n, 2n]);
    expect(await tried(1)).toEqual([0n, 0n, 1n, 1n, 2n]);
    expect(await readAll(world().logs, a, { maxBytes: 2_000_000 })).toHaveLength(3);
  });

  test('a plain batch that may be in a segment by now is of unknown outcome, an idempotent one is found', async () => {
    const { stores, logs } = world();
    const at = await newPartition(stores, clock);
    const [plain, idempotent, late] = ids(3) as [Uint8Array, Uint8Array, Uint8Array];
    const numbered = batchOf(['numbered'], clock.nowMs(), {
      producerId: 5n,
      producerEpoch: 0,
      baseSequence: 0,
    });
    await appendAll([{ at, batch: plainBatch('plain'), repeat: { stagingId: plain, tries: 0 } }]);
    await appendAll([{ at, batch: numbered, repeat: { stagingId: idempotent, tries: 0 } }]);
    for (let n = 0; n < 20; n++) await appendOne(logs, at, plainBatch(`later ${n}`));
    await logs.drain();
    expect(await rollPartition(logs.context, at, logConfig, { force: true })).toBeGreaterThan(0);
    const again = { tries: 1, nextBefore: 0n };
    const batch = plainBatch('plain');
    expect(await appendAll([{ at, batch, repeat: { stagingId: plain, ...again } }])).toEqual([
      'REQUEST_TIMED_OUT',
    ]);
    expect(await appendAll([{ at, batch: numbered, repeat: { stagingId: idempotent, ...again } }])).toEqual([
      1n,
    ]);
    const { highWatermark: nextBefore } = await logs.offsets(at);
    expect(await appendAll([{ at, batch, repeat: { stagingId: late, tries: 1, nextBefore } }])).toEqual([
      22n,
    ]);
  });

  test('batches of one producer that are sent again together are stored once, in their sequence', async () => {
    const at = await newPartition(world().stores, clock);
    const batches = [0, 1, 2].map((baseSequence) =>
      batchOf([`n${baseSequence}`], clock.nowMs(), { producerId: 9n, producerEpoch: 0, baseSequence }),
    );
    const stagingIds = ids(3);
    const send = (count: number, tries: number) =>
      appendAll(
        batches.slice(0, count).map((batch, n) => {
          const stagingId = stagingIds[n] as Uint8Array;
          return { at, batch, repeat: { stagingId, tries } };
        }),
      );
    expect(await send(1, 0)).toEqual([0n]);
    expect(await send(3, 1)).toEqual([0n, 1n, 2n]);
    expect(await send(3, 2)).toEqual([0n, 1n, 2n]);
  });
}
