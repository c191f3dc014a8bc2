import { isKafkaError, type KafkaError } from '../../kafka/error-codes.ts';
import type { PartitionId } from '../../kafka/topic-partition.ts';
import type { ReadRequest, ReadResult } from '../../log/api.ts';
import type { DecodedRecord } from '../../records/record.ts';
import { readBatchHeader, readRecords as recordsOf } from '../../records/record-batch.ts';
import type { RestDeps } from '../deps.ts';
import { type EmbeddedFormat, encodeBase64, writeEmbedded } from '../embedded-formats.ts';
import { badRequest, refusedByKafka, tooLarge } from '../errors.ts';
import { parseIsoTime } from '../iso-time.ts';
import { RawJson, writeJson } from '../json-writer.ts';
import { mediaTypes } from '../negotiate.ts';
import type { Answer, Handler, RestRequest } from '../rest-request.ts';
import { placeOf } from './v2-topics.ts';

const timeoutMsDefault = 1000;
const bytesDefault = 1024 * 1024;
const int64Max = 2n ** 63n - 1n;
/** More than this of batches is not read at once, however much an answer may have. */
const readBytesMax = 8 * 1024 * 1024;

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
  const { topic, partition: number } = await placeOf(request, deps);
  const partition = { topicId: topic.topicId, partition: number };
  const from = await startOffset(wanted, deps, partition);
  const page = new Page(topic.name, number, formats[request.answerType] ?? 'binary', {
    recordBytesMax,
    answerBytesMax: deps.settings.answerBytesMax,
  });
  const read = { partition, config: topic.logConfig, offset: from, maxBytes: Math.max(recordBytesMax, 1) };
  await fill(page, read, deps, request.signal, timeoutMs);
  return answer(page, deps);
};

function answer(page: Page, { settings }: RestDeps): Answer {
  const isHinted = page.isEmpty && settings.pollAfterMs !== undefined;
  const headers = isHinted ? { 'millrace-poll-after': String(settings.pollAfterMs) } : {};
  return { status: 200, body: new RawJson(page.text()), headers };
}

/** A whole number of at least 0 from the query; larger ones count as `most`. */
function numberOf({ query }: RestRequest, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return Math.min(otherwise, most);
  if (!/^[0-9]{1,30}$/.test(text)) throw badRequest(`${name} must be a whole number of at least 0.`);
  return Math.min(Number(text), most);
}

async function startOffset(wanted: string, { logs }: RestDeps, partition: PartitionId): Promise<bigint> {
  if (/^[0-9]{1,30}$/.test(wanted)) {
    const offset = BigInt(wanted);
    // One below the end or not, the read itself finds out.
    if (offset <= int64Max) return offset;
    throw refusedByKafka(`The offset ${offset} is beyond the end of any partition.`);
  }
  if (wanted === 'earliest') return (await logs.offsets(partition)).logStartOffset;
  if (wanted === 'latest') return (await logs.offsets(partition)).highWatermark;
  // The sign of a zone arrives as a blank when the client did not encode it.
  const timeMs = parseIsoTime(wanted.replace(/ (?=[0-9]{2}:?[0-9]{2}$)/, '+'), { needsZone: false });
  if (timeMs === undefined) {
    throw badRequest('offset must be a number from 0 on, earliest, latest or a time in ISO 8601.');
  }
  const found = await logs.offsetForTimestamp(partition, timeMs);
  return found?.offset ?? (await logs.offsets(partition)).highWatermark;
}

/** Reads until there is something to answer, or the end was reached and waited at. */
async function fill(
  page: Page,
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
      if (!page.add(record)) return;
    }
    // Control batches, and what compaction has left of a batch, answer nothing: what follows them may.
    if (!page.isEmpty || result.nextOffset === offset) return;
    offset = result.nextOffset;
  }
}

function* dataRecords(
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

type PageLimits = {
  /** Of keys, values and headers; the first record is always given. */
  readonly recordBytesMax: number;
  /** Of the answer; here the first record is no exception. */
  readonly answerBytesMax: number;
};

/** The answer as it grows. */
class Page {
  private readonly topic: string;
  private readonly partition: number;
  private readonly format: EmbeddedFormat;
  private readonly limits: PageLimits;
  private readonly texts: string[] = [];
  private recordBytes = 0;
  private answerBytes = 2;

  constructor(topic: string, partition: number, format: EmbeddedFormat, limits: PageLimits) {
    this.topic = topic;
    this.partition = partition;
    this.format = format;
    this.limits = limits;
  }

  get isEmpty(): boolean {
    return this.texts.length === 0;
  }

  text(): string {
    return `[${this.texts.join(',')}]`;
  }

  /** False when the record does not fit any more: it begins the next answer. */
  add(record: DecodedRecord): boolean {
    const { recordBytesMax, answerBytesMax } = this.limits;
    const recordBytes = this.recordBytes + sizeOf(record);
    if (!this.isEmpty && recordBytes > recordBytesMax) return false;
    const text = this.write(record);
    const answerBytes = this.answerBytes + Buffer.byteLength(text) + 1;
    if (answerBytes > answerBytesMax) {
      if (!this.isEmpty) return false;
      const most = `${answerBytesMax} is the most`;
      throw tooLarge(`The record at offset ${record.offset} alone makes ${answerBytes} bytes; ${most}.`);
    }
    this.texts.push(text);
    this.recordBytes = recordBytes;
    this.answerBytes = answerBytes;
    return true;
  }

  private write({ offset, timestamp, key, value, headers }: DecodedRecord): string {
    const at = `at offset ${offset}`;
    return writeJson({
      topic: this.topic,
      partition: this.partition,
      offset,
      timestamp,
      key: writeEmbedded(this.format, key, `The key ${at}`),
      value: writeEmbedded(this.format, value, `The value ${at}`),
      headers: headers.map((header) => ({
        key: header.key,
        value: header.value === null ? null : encodeBase64(header.value),
      })),
    });
  }
}

function sizeOf({ key, value, headers }: DecodedRecord): number {
  let bytes = (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
  return bytes;
}
