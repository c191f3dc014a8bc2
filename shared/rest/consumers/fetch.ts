import { isKafkaError } from '../../kafka/error-codes.ts';
import type { ReadRequest, ReadResult } from '../../log/api.ts';
import type { ConsumerInstance, HeldPartition } from '../../storage/items/consumer-instance.ts';
import type { RestDeps } from '../deps.ts';
import type { EmbeddedFormat } from '../embedded-formats.ts';
import { RestError } from '../errors.ts';
import { RecordPage } from '../record-page.ts';
import { dataRecords, readBytesMax } from '../routes/v2-records.ts';
import { autoCommit } from './commit.ts';
import { type InstanceName, loadInstance, replaceInstance } from './instance-store.ts';
import { takeStanding } from './membership.ts';
import { idOf, lookUpPositions, type Readable, readable, resetPosition, updated } from './positions.ts';

export type FetchWishes = {
  /** Undefined: whatever the instance has. */
  readonly format: EmbeddedFormat | undefined;
  /** Undefined: as the instance was made. */
  readonly timeoutMs: number | undefined;
  readonly recordBytesMax: number;
  readonly signal: AbortSignal;
};

export type Fetched = { readonly page: RecordPage; readonly format: EmbeddedFormat };

/** A long fetch looks at its group this often, so that it hears of a rebalance. */
const sliceMs = 1_000;
/** Between two looks that found others at work. */
const pauseMs = 25;

/**
 * Records from where the instance is. What is given out and where the instance goes on are one write: of two
 * calls at once each gets records of its own, and a call that dies before its write has given out nothing.
 */
export async function fetchRecords(
  deps: RestDeps,
  name: InstanceName,
  wishes: FetchWishes,
): Promise<Fetched> {
  const { clock, settings } = deps;
  const startedMs = clock.nowMs();
  for (;;) {
    const instance = await loadInstance(deps, name);
    const { format, requestTimeoutMs } = instance.settings;
    checkReads(instance, wishes.format);
    const timeoutMs = Math.min(wishes.timeoutMs ?? requestTimeoutMs, settings.waitMsMax);
    const leftMs = Math.max(0, startedMs + timeoutMs - clock.nowMs());
    const step = await fetchOnce(deps, instance, wishes, leftMs);
    if (step.is === 'page') return { page: step.page, format };
    const isOver = startedMs + timeoutMs <= clock.nowMs() || wishes.signal.aborted;
    if (step.is === 'nothing' && isOver) return { page: emptyPage(format), format };
    if (step.is === 'moved' && clock.nowMs() - startedMs > timeoutMs + movedMsMax) {
      return { page: emptyPage(format), format };
    }
  }
}

/** Steps that move the instance are taken even by a fetch that may not wait: they are few. */
const movedMsMax = 2_000;

const emptyPage = (format: EmbeddedFormat): RecordPage =>
  new RecordPage(format, { recordBytesMax: 0, answerBytesMax: 2 });

/** Throws 406 40601 for the format, and 409 40903 for an instance that was told to read nothing. */
function checkReads({ settings, selection }: ConsumerInstance, wanted: EmbeddedFormat | undefined): void {
  if (wanted !== undefined && wanted !== settings.format) {
    const message =
      'The requested embedded data format does not match the deserializer for this consumer instance';
    throw new RestError(406, 40601, message);
  }
  if (selection.by !== 'nothing') return;
  const message = 'Illegal state: Consumer is not subscribed to any topics or assigned any partitions';
  throw new RestError(409, 40903, message);
}

type Step =
  | { readonly is: 'page'; readonly page: RecordPage }
  /** Its time in this step is over. */
  | { readonly is: 'nothing' }
  /** The instance has changed: look again. */
  | { readonly is: 'moved' };

const nothing: Step = { is: 'nothing' };
const moved: Step = { is: 'moved' };

async function fetchOnce(
  deps: RestDeps,
  seen: ConsumerInstance,
  wishes: FetchWishes,
  leftMs: number,
): Promise<Step> {
  const stepMs = Math.min(leftMs, sliceMs);
  const committed = await autoCommit(deps, seen);
  let instance: ConsumerInstance = { ...seen, partitions: committed };
  if (instance.selection.by !== 'assignment') {
    const standing = await takeStanding(deps, instance, stepMs);
    if (standing.is === 'moved') return moved;
    if (standing.is === 'waiting') {
      await deps.clock.sleep(Math.min(pauseMs, leftMs), wishes.signal);
      return nothing;
    }
    instance = standing.instance;
  }
  // Unless the standing was written just now, what is written next is what was seen first.
  const base = instance.version === seen.version ? seen : instance;
  const positioned = await lookUpPositions(deps, instance, instance.partitions);
  const read = await readPage(deps, { ...instance, partitions: positioned }, wishes, leftMs);
  if (wishes.signal.aborted) return nothing;
  const hasChanged = read.partitions !== base.partitions;
  if (hasChanged && !(await replaceInstance(deps, base, { partitions: read.partitions }))) return moved;
  if (!read.page.isEmpty) return { is: 'page', page: read.page };
  return read.isMoved ? moved : nothing;
}

type PageRead = {
  readonly page: RecordPage;
  readonly partitions: readonly HeldPartition[];
  /** Positions were reset: there may be records at once. */
  readonly isMoved: boolean;
};

/** Reads what there is, or waits for it; the partitions take turns at being the first. */
async function readPage(
  deps: RestDeps,
  instance: ConsumerInstance,
  { recordBytesMax, signal }: FetchWishes,
  leftMs: number,
): Promise<PageRead> {
  const { settings, partitions, version } = instance;
  const page = new RecordPage(settings.format, {
    recordBytesMax,
    answerBytesMax: deps.settings.answerBytesMax,
  });
  const places = inTurn(
    (await readable(deps, partitions)).filter(({ held }) => held.position >= 0n),
    Number(version % 1_000_000n),
  );
  const maxWaitMs = Math.min(leftMs, sliceMs);
  if (places.length === 0) {
    await deps.clock.sleep(maxWaitMs, signal);
    return { page, partitions, isMoved: false };
  }
  const maxBytes = Math.min(Math.max(recordBytesMax, 1), readBytesMax);
  const requests = places.map((place): ReadRequest => {
    return { partition: idOf(place), config: place.topic.logConfig, offset: place.held.position, maxBytes };
  });
  const minBytes = leftMs > 0 ? Math.max(1, settings.fetchMinBytes) : 1;
  const results = await deps.logs.readWaiting(requests, {
    minBytes,
    maxWaitMs,
    maxBytes: readBytesMax,
    signal,
  });
  const filled = await fill(deps, instance, page, places, results);
  // Too little, and there is time to wait for more: nothing is given out yet.
  const isTooLittle = page.recordBytes < settings.fetchMinBytes && leftMs > maxWaitMs && !filled.isFull;
  if (isTooLittle && !filled.isMoved) return { page: emptyPage(settings.format), partitions, isMoved: false };
  const isSame = filled.partitions.length === 0;
  return {
    page,
    partitions: isSame ? partitions : updated(partitions, filled.partitions),
    isMoved: filled.isMoved,
  };
}

const inTurn = <T>(all: readonly T[], turn: number): readonly T[] => {
  const first = all.length === 0 ? 0 : turn % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
};

type Filled = {
  /** Those that have moved. */
  readonly partitions: HeldPartition[];
  readonly isMoved: boolean;
  readonly isFull: boolean;
};

async function fill(
  deps: RestDeps,
  instance: ConsumerInstance,
  page: RecordPage,
  places: readonly Readable[],
  results: readonly (ReadResult | Error)[],
): Promise<Filled> {
  const partitions: HeldPartition[] = [];
  let isMoved = false;
  for (const [at, place] of places.entries()) {
    const result = results[at];
    if (result === undefined) continue;
    if (isKafkaError(result, 'OFFSET_OUT_OF_RANGE')) {
      partitions.push({ ...place.held, position: await resetPosition(deps, instance, place) });
      isMoved = true;
    } else if (isKafkaError(result, 'UNKNOWN_TOPIC_OR_PARTITION')) {
      deps.topics.forget(place.held.topic);
    } else if (result instanceof Error) {
      if (page.isEmpty) throw result;
    } else {
      const { position, isFull } = take(deps, page, place, result);
      if (position !== place.held.position) partitions.push({ ...place.held, position });
      if (isFull) return { partitions, isMoved, isFull };
    }
  }
  // Control batches, and what compaction has left of a batch, answer nothing: what follows them may.
  return { partitions, isMoved: isMoved || (page.isEmpty && partitions.length > 0), isFull: false };
}

/** Adds records as long as they fit. A record that is not of the format is an error of the page it begins. */
function take(
  { codecs }: RestDeps,
  page: RecordPage,
  { held }: Readable,
  result: ReadResult,
): { position: bigint; isFull: boolean } {
  let { position } = held;
  try {
    for (const record of dataRecords(result, position, codecs)) {
      if (!page.add(held.topic, held.partition, record)) return { position, isFull: true };
      position = record.offset + 1n;
    }
  } catch (error) {
    if (!(error instanceof RestError) || page.isEmpty) throw error;
    return { position, isFull: true };
  }
  return { position: result.nextOffset, isFull: false };
}
