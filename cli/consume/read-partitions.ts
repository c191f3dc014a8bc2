import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';
import { CommandFailure } from '../failure.ts';
import { counted } from '../output/progress.ts';
import { binaryType, type ConsumedRecord, consumedRecords } from './consumed-record.ts';
import { askEach, findOffset, rangeOf, type TopicPartition } from './partition-offsets.ts';
import type { RecordWriter } from './record-writer.ts';
import type { StartPosition } from './start-position.ts';

export type ReadOptions = {
  readonly places: readonly TopicPartition[];
  readonly position: StartPosition;
  /** Ends where the partitions ended when it began. */
  readonly exitsAtEnd: boolean;
  readonly signal: AbortSignal;
  readonly onWait: (error: unknown) => void;
  /** Hears of what the user should know and need not act upon. */
  readonly note: (message: string) => void;
};

/** How far a partition is read. */
type Reading = TopicPartition & { next: bigint; readonly end: bigint };

/** Reads under way at once; with more partitions they take turns. */
const readersMax = 16;
/** How long the door may wait for a record, where a partition has a reader of its own. */
const pollMs = 5_000;
/** How long a reader rests when every partition in turn had nothing. */
const restMs = 250;
const pageBytesMax = 4_000_000;
const outOfRange = 40002;

/** Reads partitions without a group and writes what comes, until the end, the count or the signal. */
export async function readPartitions(door: Door, writer: RecordWriter, options: ReadOptions): Promise<void> {
  const { places, exitsAtEnd, signal } = options;
  const readings = await askEach(places, (place) => startReading(door, place, options));
  const waiting = exitsAtEnd ? readings.filter(({ next, end }) => next < end) : readings;
  const readers = Math.min(waiting.length, readersMax);
  const isShared = waiting.length > readersMax;
  let emptyInTurn = 0;
  const read = async (): Promise<void> => {
    for (let reading = waiting.shift(); reading && !signal.aborted; reading = waiting.shift()) {
      const { records, restMs: rest } = await nextPage(
        door,
        reading,
        isShared || exitsAtEnd ? 0 : pollMs,
        options,
      );
      const wanted = exitsAtEnd ? records.filter(({ offset }) => offset < reading.end) : records;
      await writer.write(wanted);
      const isAtEnd = exitsAtEnd && (reading.next >= reading.end || records.length === 0);
      if (!isAtEnd) waiting.push(reading);
      emptyInTurn = records.length > 0 ? 0 : emptyInTurn + 1;
      if (rest > 0) await door.clock.sleep(rest, signal);
      else if (isShared && emptyInTurn > waiting.length) await door.clock.sleep(restMs, signal);
    }
  };
  await Promise.all(Array.from({ length: readers }, read));
}

async function startReading(
  door: Door,
  place: TopicPartition,
  { position, places, note }: ReadOptions,
): Promise<Reading> {
  const range = await rangeOf(door, place);
  const wanted = await findOffset(door, place, position, range);
  const next = wanted < range.begin ? range.begin : wanted > range.end ? range.end : wanted;
  if (next !== wanted) {
    const message = `Partition ${place.partition} of ${place.topic} has offsets ${range.begin} to ${range.end}, not ${wanted}`;
    if (places.length === 1)
      throw new CommandFailure(`${message}.`, 'Begin at one of these, or at earliest.');
    note(`${message}: it begins at ${next}.`);
  }
  return { ...place, next, end: range.end };
}

type Page = { readonly records: readonly ConsumedRecord[]; readonly restMs: number };

/** The next records of a partition, over short troubles of the network and of the broker. */
async function nextPage(door: Door, reading: Reading, waitMs: number, options: ReadOptions): Promise<Page> {
  const { signal, onWait } = options;
  const attempt = (): Promise<Page> => readPage(door, reading, waitMs, options);
  try {
    return await door.persist(attempt, isPassing, signal, onWait);
  } catch (error) {
    if (signal.aborted) return { records: [], restMs: 0 };
    throw error;
  }
}

const isPassing = (error: unknown): boolean => error instanceof DoorFailure && error.isPassing;

async function readPage(door: Door, reading: Reading, waitMs: number, options: ReadOptions): Promise<Page> {
  const { topic, partition } = reading;
  const query = { offset: String(reading.next), timeout: String(waitMs), max_bytes: String(pageBytesMax) };
  try {
    const { text, headers } = await door.sendOnce(
      'readRecords',
      { topic, partition },
      { query, accept: binaryType, waitMs, signal: options.signal },
    );
    const records = consumedRecords.parse(door.parse(text));
    const last = records.at(-1);
    if (last) reading.next = last.offset + 1n;
    return { records, restMs: Number(headers.get('millrace-poll-after') ?? 0) };
  } catch (error) {
    if (!(error instanceof DoorFailure && error.code === outOfRange)) throw error;
    await skipDeleted(door, reading, error, options);
    return { records: [], restMs: 0 };
  }
}

/** What retention removed while it was waited for is skipped, and said. */
async function skipDeleted(
  door: Door,
  reading: Reading,
  error: DoorFailure,
  { note, signal }: ReadOptions,
): Promise<void> {
  const { begin, end } = await rangeOf(door, reading, signal);
  const { topic, partition, next } = reading;
  if (next >= begin && next <= end) return;
  if (next > end) {
    throw new CommandFailure(
      `Partition ${partition} of ${topic} ends at ${end}, before offset ${next}: it was made anew meanwhile.`,
      'Begin again with --offset earliest.',
      error,
    );
  }
  note(
    `${counted(begin - next, 'record')} of partition ${partition} of ${topic} were deleted before they were read.`,
  );
  reading.next = begin;
}
