import { isKafkaError, type KafkaError } from '../../kafka/error-codes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { ReadRequest, ReadResult } from '../../log/api.ts';
import type { DecodedRecord } from '../../records/record.ts';
import { readBatchHeader, readRecords as recordsOf } from '../../records/record-batch.ts';
import type { RestDeps } from '../deps.ts';
import type { EmbeddedFormat } from '../embedded-formats.ts';
import { badRequest, refusedByKafka } from '../errors.ts';
import { parseIsoTime } from '../iso-time.ts';
import { mediaTypes } from '../negotiate.ts';
import { RecordPage } from '../record-page.ts';
import type { Answer, Handler, RestRequest } from '../rest-request.ts';
import { placeOf } from './v2-topics.ts';

const timeoutMsDefault = 1000;
const bytesDefault = 1024 * 1024;
const int64Max = 2n ** 63n - 1n;
/** More than this of batches is not read at once, however much an answer may have. */
export const readBytesMax = 8 * 1024 * 1024;

/** The format that the type of the answer stands for. */
export const formatOf = ({ answerType }: Pick<RestRequest, 'answerType'>): EmbeddedFormat =>
  formats[answerType] ?? 'binary';

const formats: Readonly<Record<string, EmbeddedFormat>> = {
  [mediaTypes.v2Binary]: 'binary',
  [mediaTypes.v2]: 'binary',
  [mediaTypes.v2Json]: 'json',
  [mediaTypes.json]: 'json',
  [mediaTypes.v2Text]: 'text',
};

/** The records of a partition from an offset on, without any state between two calls. */
export const readRecords: Handler = async (request, deps) => {
  const timeoutMs = numberOf(request, 'timeout', timeoutMsDefault, deps.settings.waitMsMax);
  const recordBytesMax = numberOf(request, 'max_bytes', bytesDefault, readBytesMax);
  const wanted = request.query.get('offset');
  if (wanted === null) throw badRequest('The parameter offset is missing.');
  const start = startOf(wanted);
  const { topic, partition: number } = await placeOf(request, deps);
  const partition = { topicId: topic.topicId, partition: number };
  const from = await startOffset(start, deps, partition);
  const page = new RecordPage(formatOf(request), {
    recordBytesMax,
    answerBytesMax: deps.settings.answerBytesMax,
  });
  const read = { partition, config: topic.logConfig, offset: from, maxBytes: Math.max(recordBytesMax, 1) };
  await fill(page, topic.name, read, deps, request.signal, timeoutMs);
  return pageAnswer(page, deps);
};

/** A page that is empty says, where that saves money, when to ask again. */
export function pageAnswer(page: RecordPage, { settings }: RestDeps): Answer {
  const isHinted = page.isEmpty && settings.pollAfterMs !== undefined;
  const headers = isHinted ? { 'millrace-poll-after': String(settings.pollAfterMs) } : {};
  return { status: 200, body: page.body(), headers };
}

/** A whole number of at least 0 from the query; larger ones count as `most`. */
function numberOf({ query }: RestRequest, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return Math.min(otherwise, most);
  if (!/^[0-9]{1,30}$/.test(text)) throw badRequest(`${name} must be a whole number of at least 0.`);
  return Math.min(Number(text), most);
}

/** Where to begin, as the caller says it. */
type Start = { readonly offset: bigint } | 'earliest' | 'latest' | { readonly timeMs: bigint };

/** Throws 400 for what no partition could begin at. */
function startOf(wanted: string): Start {
  if (/^[0-9]{1,30}$/.test(wanted)) {
    const offset = BigInt(wanted);
    // One below the end or not, the read itself finds out.
    if (offset <= int64Max) return { offset };
    throw refusedByKafka(`The offset ${offset} is beyond the end of any partition.`);
  }
  if (wanted === 'earliest' || wanted === 'latest') return wanted;
  // The sign of a zone arrives as a blank when the client did not encode it.
  const timeMs = parseIsoTime(wanted.replace(/ (?=[0-9]{2}:?[0-9]{2}$)/, '+'), { needsZone: false });
  if (timeMs !== undefined) return { timeMs };
  throw badRequest('offset must be a number from 0 on, earliest, latest or a time in ISO 8601.');
}

async function startOffset(start: Start, { logs }: RestDeps, partition: PartitionId): Promise<bigint> {
  if (start === 'earliest') return (await logs.offsets(partition)).logStartOffset;
  if (start === 'latest') return (await logs.offsets(partition)).highWatermark;
  if ('offset' in start) return start.offset;
  const found = await logs.offsetForTimestamp(partition, start.timeMs);
  return found?.offset ?? (await logs.offsets(partition)).highWatermark;
}

/** Reads until there is something to answer, or the end was reached and waited at. */
async function fill(
  page: RecordPage,
  topic: string,
  request: ReadRequest,
  { logs, codecs, clock }: RestDeps,
  signal: AbortSignal,
  timeoutMs: number,
): Promise<void> {
  const deadlineMs = clock.nowMs() + timeoutMs;
  let offset = request.offset;
  while (!signal.aborted) {
    const maxWaitMs = Math.max(deadlineMs - clock.nowMs(), 0);
    const [result] = await logs.readWaiting([{ ...request, offset }], { minBytes: 1, maxWaitMs, signal });
    if (result === undefined || isKafkaError(result)) throw result as KafkaError;
    for (const record of dataRecords(result, offset, codecs)) {
      if (!page.add(topic, request.partition.partition, record)) return;
    }
    // Control batches, and what compaction has left of a batch, answer nothing: what follows them may.
    if (!page.isEmpty || result.nextOffset === offset) return;
    offset = result.nextOffset;
  }
}

/** The records from `offset` on that are neither control records nor compacted away. */
export function* dataRecords(
  { batches }: ReadResult,
  offset: bigint,
  codecs: RestDeps['codecs'],
): Generator<DecodedRecord> {
  for (const batch of batches) {
    if (readBatchHeader(batch).isControl) continue;
    for (const record of recordsOf(batch, codecs)) {
      if (record.offset >= offset) yield record;
    }
  }
}
