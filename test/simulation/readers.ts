import { integerBelow } from '../../shared/base/random.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { PartitionId } from '../../shared/kafka/topic-partition.ts';
import type { ReadResult } from '../../shared/log/api.ts';
import type { OffsetsBody, ReadBody, TimestampBody } from './history.ts';
import { batchSeen } from './records.ts';
import { happens, oneOf, spread } from './scheduler.ts';
import type { System } from './system.ts';
import { type Answer, conclude, partitionName, type Slot, type World } from './world.ts';

type Target = { id: PartitionId; config: LogConfig };
type ReadOptions = {
  session?: string;
  isAtRest?: boolean;
  isFinal?: boolean;
  maxBytes?: number;
  waitMs?: number;
};

/** Mostly of a topic that is there, now and then of one that may be gone. */
function someTarget(world: World): Target | undefined {
  if (world.partitions.size === 0) return undefined;
  const all = [...world.partitions.values()];
  const known = all.filter(({ id }) => world.topics.some(({ topicId }) => topicId === id.topicId));
  return oneOf(world.random, known.length > 0 && happens(world.random, 0.85) ? known : all);
}

/** One read, written down. */
export async function readOnce(
  world: World,
  broker: Slot,
  { id, config }: Target,
  offset: bigint,
  { session, isAtRest, isFinal, maxBytes = 4_000, waitMs }: ReadOptions = {},
): Promise<Answer<ReadResult>> {
  const body: ReadBody = {
    does: 'read',
    partition: partitionName(id),
    offset,
    ...(session === undefined ? {} : { session }),
    ...(isAtRest === undefined ? {} : { isAtRest }),
    ...(isFinal === undefined ? {} : { isFinal }),
  };
  const operation = world.history.invoke(`reader ${session ?? ''}`, body, world.clock.nowMs());
  const request = { partition: id, config, offset, maxBytes };
  const answer = await broker.ask((system) =>
    waitMs === undefined ? system.logs.read(request) : readWaiting(system, request, waitMs),
  );
  conclude(world, operation, answer, ({ batches, nextOffset, logStartOffset, highWatermark }) => ({
    batches: batches.map(batchSeen),
    nextOffset,
    logStartOffset,
    highWatermark,
  }));
  return answer;
}

async function readWaiting(
  system: System,
  request: Parameters<System['logs']['read']>[0],
  maxWaitMs: number,
): Promise<ReadResult> {
  const [answer] = await system.logs.readWaiting([request], { minBytes: 1, maxWaitMs });
  if (answer === undefined) throw new Error('one request has one answer');
  if (answer instanceof KafkaError) throw answer;
  return answer;
}

export async function readOffsets(world: World, broker: Slot, { id }: Target) {
  const body: OffsetsBody = { does: 'offsets', partition: partitionName(id) };
  const operation = world.history.invoke('reader', body, world.clock.nowMs());
  const answer = await broker.ask((system) => system.logs.offsets(id));
  conclude(world, operation, answer, ({ logStartOffset, highWatermark }) => ({
    logStartOffset,
    highWatermark,
  }));
  return answer;
}

export async function lookUpTime(
  world: World,
  broker: Slot,
  { id }: Target,
  timestampMs: number,
  isFinal: boolean,
): Promise<void> {
  const body: TimestampBody = {
    does: 'offsetForTimestamp',
    partition: partitionName(id),
    timestampMs,
    ...(isFinal ? { isFinal } : {}),
  };
  const operation = world.history.invoke('reader', body, world.clock.nowMs());
  const answer = await broker.ask((system) => system.logs.offsetForTimestamp(id, BigInt(timestampMs)));
  conclude(world, operation, answer, (found) =>
    found ? { found: { offset: found.offset, timestampMs: Number(found.timestamp) } } : {},
  );
}

/**
 * Reads anywhere between log start and high watermark, sometimes at a time, and now and then deletes records.
 */
export async function wanderingReader(world: World, reads: number): Promise<void> {
  for (let read = 0; read < reads && !world.isStopping; read++) {
    await world.pause(world.plan.tempoMs);
    const target = someTarget(world);
    if (!target) continue;
    const broker = oneOf(world.random, world.brokers);
    const offsets = await readOffsets(world, broker, target);
    if (offsets.is !== 'ok') continue;
    const { logStartOffset, highWatermark } = offsets.value;
    const offset =
      logStartOffset + BigInt(integerBelow(world.random, Number(highWatermark - logStartOffset) + 1));
    if (happens(world.random, world.plan.deletions)) await deleteRecords(world, broker, target, offset);
    else if (happens(world.random, 0.1)) {
      await lookUpTime(
        world,
        broker,
        target,
        world.clock.nowMs() - Math.round(world.random.next() * 1e6),
        false,
      );
    } else {
      await readOnce(world, broker, target, offset, { maxBytes: Math.round(spread(world.random, 1, 8_000)) });
    }
  }
}

async function deleteRecords(world: World, broker: Slot, { id }: Target, offset: bigint): Promise<void> {
  const body = { does: 'deleteRecords' as const, partition: partitionName(id), offset };
  const operation = world.history.invoke('deleter', body, world.clock.nowMs());
  const answer = await broker.ask((system) => system.logs.deleteRecordsBefore(id, offset));
  conclude(world, operation, answer, (logStartOffset) => ({ logStartOffset }));
}

/** Follows one partition from its start or its end, from broker to broker. */
export async function tailingReader(world: World, name: string, reads: number): Promise<void> {
  let target: Target | undefined;
  let session = 0;
  let offset: bigint | undefined;
  for (let read = 0; read < reads && !world.isStopping; read++) {
    const broker = oneOf(world.random, world.brokers);
    target ??= someTarget(world);
    if (target && offset === undefined) {
      const offsets = await readOffsets(world, broker, target);
      const isFromStart = happens(world.random, 0.7);
      if (offsets.is === 'ok')
        offset = isFromStart ? offsets.value.logStartOffset : offsets.value.highWatermark;
      session++;
    }
    if (target && offset !== undefined) {
      const options = {
        session: `${name}.${session}`,
        ...(happens(world.random, 0.5) ? { waitMs: 2_000 } : {}),
      };
      const answer = await readOnce(world, broker, target, offset, options);
      if (answer.is === 'ok') offset = answer.value.nextOffset;
      else if (answer.error === 'OFFSET_OUT_OF_RANGE') offset = undefined;
      else if (answer.error === 'UNKNOWN_TOPIC_OR_PARTITION') target = offset = undefined;
    }
    await world.pause(world.plan.tempoMs / 2);
  }
}

/** From the log start to the high watermark, when everything has come to rest. False if a read fails. */
export async function readWhole(
  world: World,
  broker: Slot,
  target: Target,
  isFinal: boolean,
): Promise<boolean> {
  const session = `whole ${partitionName(target.id)} ${isFinal}`;
  for (let begins = 0; begins < 20; begins++) {
    const offsets = await readOffsets(world, broker, target);
    if (offsets.is !== 'ok') return offsets.error === 'UNKNOWN_TOPIC_OR_PARTITION';
    const read = await readFrom(world, broker, target, offsets.value.logStartOffset, { session, isFinal });
    // What has expired moves the log start when a reader meets it: then it begins again there.
    if (read !== 'OFFSET_OUT_OF_RANGE') return read === 'whole';
  }
  return false;
}

/** Up to the high watermark; else the error that stopped it. */
async function readFrom(
  world: World,
  broker: Slot,
  target: Target,
  from: bigint,
  options: Pick<ReadOptions, 'session' | 'isFinal'>,
): Promise<string> {
  let offset = from;
  for (;;) {
    const answer = await readOnce(world, broker, target, offset, {
      ...options,
      isAtRest: true,
      maxBytes: 20_000,
    });
    if (answer.is !== 'ok') return answer.error;
    if (answer.value.nextOffset >= answer.value.highWatermark) return 'whole';
    if (answer.value.nextOffset <= offset) return 'no progress';
    offset = answer.value.nextOffset;
  }
}
