import * as shape from '../../shared/rest/contract-group-shapes.ts';
import { consumerLags } from '../door/consumer-lags.ts';
import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';
import { messageOf } from '../failure.ts';
import { binaryType, type ConsumedRecord, consumedRecords } from './consumed-record.ts';
import { askEach, rangeOf, type TopicPartition } from './partition-offsets.ts';
import type { RecordWriter } from './record-writer.ts';

export type GroupOptions = {
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a partition without a committed offset begins. */
  readonly reset: 'earliest' | 'latest';
  /** Ends when nothing is left in the partitions that it was given. */
  readonly exitsAtEnd: boolean;
  readonly signal: AbortSignal;
  readonly onWait: (error: unknown) => void;
};

const pollMs = 3_000;
const pageBytesMax = 4_000_000;
const v2 = 'application/vnd.kafka.v2+json';
/** The door has forgotten the consumer: it was away for too long. */
const instanceGone = 40403;

type Instance = { readonly group: string; readonly instance: string };

/**
 * Reads as a member of a group and commits what is written, so that the next one goes on there. A record is
 * committed only after it was written: what was written and not committed when all ends comes again.
 */
export async function readGroup(door: Door, writer: RecordWriter, options: GroupOptions): Promise<void> {
  const { signal } = options;
  let instance = await join(door, options);
  try {
    while (!signal.aborted && !writer.isFull) {
      const records = await fetchRecords(door, instance, options);
      if (records === 'gone') {
        instance = await join(door, options);
        continue;
      }
      const written = await writer.write(records);
      if (written.length > 0) await commit(door, instance, written, options);
      else if (options.exitsAtEnd && (await isAtEnd(door, instance, options))) return;
    }
  } catch (error) {
    // What was cut short by the signal has not failed.
    if (!signal.aborted) throw error;
  } finally {
    await leave(door, instance, options);
  }
}

async function join(door: Door, { group, topics, reset }: GroupOptions): Promise<Instance> {
  const settings = { format: 'binary', 'auto.offset.reset': reset, 'auto.commit.enable': false };
  const created = await door.call('createInstance', { group }, shape.createInstanceAnswer, {
    body: settings,
    contentType: v2,
    accept: v2,
  });
  const instance = { group, instance: created.instance_id };
  await door.send('subscribe', instance, { body: { topics }, contentType: v2, accept: v2 });
  return instance;
}

async function fetchRecords(
  door: Door,
  instance: Instance,
  { signal, onWait }: GroupOptions,
): Promise<readonly ConsumedRecord[] | 'gone'> {
  const query = { timeout: String(pollMs), max_bytes: String(pageBytesMax) };
  const attempt = async (): Promise<readonly ConsumedRecord[]> => {
    const options = { query, accept: binaryType, waitMs: pollMs, signal };
    const { text, headers } = await door.sendOnce('fetchRecords', instance, options);
    const records = consumedRecords.parse(door.parse(text));
    const restMs = Number(headers.get('millrace-poll-after') ?? 0);
    if (records.length === 0 && restMs > 0) await door.clock.sleep(restMs, signal);
    return records;
  };
  try {
    return await attempt();
  } catch (error) {
    if (signal.aborted) return [];
    if (!(error instanceof DoorFailure)) throw error;
    if (error.code === instanceGone) return 'gone';
    if (!error.isPassing) throw error;
    onWait(error);
    // The answer may have held records that are lost now: a new member begins at what was committed.
    await door.persist(() => leaveOnce(door, instance), isPassing, signal);
    return 'gone';
  }
}

const isPassing = (error: unknown): boolean => error instanceof DoorFailure && error.isPassing;

/** Commits the last written record of each partition. */
async function commit(
  door: Door,
  instance: Instance,
  written: readonly ConsumedRecord[],
  { onWait }: GroupOptions,
): Promise<void> {
  const last = new Map(written.map((record) => [`${record.topic}/${record.partition}`, record]));
  const offsets = [...last.values()].map(({ topic, partition, offset }) => ({
    topic,
    partition,
    offset: numberOrDigits(offset),
  }));
  const send = () => door.send('commitOffsets', instance, { body: { offsets }, contentType: v2, accept: v2 });
  await door.persist(send, isPassing, undefined, onWait);
}

/** The door reads integers that JSON numbers of a double would round as texts. */
export const numberOrDigits = (offset: bigint): number | string =>
  offset <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(offset) : String(offset);

/** Everything of the partitions that the group gave this member was committed, or skipped by its policy. */
async function isAtEnd(
  door: Door,
  instance: Instance,
  { group, reset, signal }: GroupOptions,
): Promise<boolean> {
  const { partitions } = await door.call('getAssignments', instance, shape.partitionsAnswer, {
    accept: v2,
    signal,
  });
  if (partitions.length === 0) return false;
  const lags = await lagsOf(door, group);
  const isRead = async (place: TopicPartition): Promise<boolean> => {
    const lag = lags.get(`${place.topic}/${place.partition}`);
    if (lag !== undefined) return lag <= 0n;
    const { begin, end } = await rangeOf(door, place, signal);
    return reset === 'latest' || begin === end;
  };
  return (await askEach(partitions, isRead)).every(Boolean);
}

/** Lags by topic and partition; a group without any commit has none. */
async function lagsOf(door: Door, group: string): Promise<ReadonlyMap<string, bigint>> {
  try {
    const { data } = await door.callV3('listConsumerLags', { consumer_group_id: group }, consumerLags);
    return new Map(data.map((row) => [`${row.topic_name}/${row.partition_id}`, row.lag]));
  } catch (error) {
    if (error instanceof DoorFailure && error.status === 404) return new Map();
    throw error;
  }
}

/** Lets the others of the group go on at once; if that fails, they do so when this member is missed. */
async function leave(door: Door, instance: Instance, { onWait }: GroupOptions): Promise<void> {
  await leaveOnce(door, instance).catch((error) =>
    onWait(new Error(`The group was not left: ${messageOf(error)}`)),
  );
}

async function leaveOnce(door: Door, instance: Instance): Promise<void> {
  try {
    await door.sendOnce('deleteInstance', instance, { accept: v2 });
  } catch (error) {
    if (!(error instanceof DoorFailure && error.code === instanceGone)) throw error;
  }
}
