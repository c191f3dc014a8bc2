import { isKafkaError, type KafkaError } from '../../kafka/error-codes.ts';
import type { RecordHeader } from '../../records/record.ts';
import type { RestDeps, RestTopic } from '../deps.ts';
import { type EmbeddedFormat, encodeText, readEmbedded, readHeaderValue } from '../embedded-formats.ts';
import {
  badRequest,
  type RestError,
  recordErrorCode,
  restErrorOf,
  tooLarge,
  topicNotFound,
  unprocessable,
} from '../errors.ts';
import { readInteger } from '../json-integer.ts';
import type { JsonNode } from '../json-text.ts';
import type { Json } from '../json-writer.ts';
import { mediaTypes } from '../negotiate.ts';
import { Partitioner } from '../partitioner.ts';
import {
  type ProducerSequence,
  produceInSequence,
  produceRecords,
  type RecordToProduce,
  type StoredRecord,
} from '../produce.ts';
import { type Answer, type Handler, type RestRequest, readJson } from '../rest-request.ts';
import { findTopic } from '../topic-lookup.ts';
import { producerSequenceOf } from './producers.ts';
import { placeOf, topicOf } from './v2-topics.ts';

export const produceToTopic: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  return produce(request, deps, topic, undefined);
};

export const produceToPartition: Handler = async (request, deps) => {
  const { topic, partition } = await placeOf(request, deps);
  return produce(request, deps, topic, BigInt(partition));
};

async function produce(
  request: RestRequest,
  deps: RestDeps,
  topic: RestTopic,
  partition: bigint | undefined,
): Promise<Answer> {
  const producer = producerSequenceOf(request.headers);
  const records = readRecords(await readJson(request), formatOf(request), partition);
  checkAnswerFits(records.length, deps);
  if (producer) return produceOnce(deps, topic, records, producer);
  const partitioner = new Partitioner(deps.random);
  const results = await produceRecords(deps, topic, records, partitioner);
  const failure = wholeFailure(results, topic);
  if (failure) throw failure;
  if (results.every(isUnknown) && !(await findTopic(deps, topic.name))) throw topicNotFound('v2', topic.name);
  return { status: statusOf(results), body: produceJson(results) };
}

/** A record's place in the answer, or its error. */
const answerBytesAtMost = 200;

function checkAnswerFits(recordCount: number, { settings }: RestDeps): void {
  const most = Math.floor((settings.platformAnswerBytesMax ?? Number.POSITIVE_INFINITY) / answerBytesAtMost);
  if (recordCount > most)
    throw tooLarge(`The request has ${recordCount} records; ${most} can be answered here.`);
}

/**
 * The records of an idempotent request are one batch. Its partition must be named, not chosen: a partition
 * drawn by chance, or by a key when the topic has grown, would be another one when the request is sent again.
 */
async function produceOnce(
  deps: RestDeps,
  topic: RestTopic,
  records: readonly RecordToProduce[],
  producer: ProducerSequence,
): Promise<Answer> {
  const partition = records[0]?.partition;
  if (partition === undefined || records.some((record) => record.partition !== partition)) {
    throw badRequest('With Millrace-Producer, all records must name one and the same partition.');
  }
  if (partition < 0n || partition >= BigInt(topic.partitions)) {
    throw badRequest(`Topic ${topic.name} has no partition ${partition}; it has ${topic.partitions}.`);
  }
  const results = await produceInSequence(deps, topic, Number(partition), records, producer);
  return { status: 200, body: produceJson(results) };
}

const formats: Readonly<Record<string, EmbeddedFormat>> = {
  [mediaTypes.v2Binary]: 'binary',
  [mediaTypes.v2Json]: 'json',
  [mediaTypes.v2Text]: 'text',
  [mediaTypes.json]: 'json',
};

const formatOf = ({ contentType }: RestRequest): EmbeddedFormat => formats[contentType?.name ?? ''] ?? 'json';

const schemaMembers = new Set(['key_schema_id', 'key_schema', 'value_schema_id', 'value_schema']);

/**
 * As in R, what is missing, empty, unknown or out of its range is 422; another kind of JSON, and a key or
 * value that is not of the format, is 400.
 */
function readRecords(
  body: JsonNode,
  format: EmbeddedFormat,
  partition: bigint | undefined,
): RecordToProduce[] {
  if (body.isNull) throw unprocessable('The body is null; records are required.');
  if (body.kind !== 'object') throw badRequest('The body must be an object with the member records.');
  let records: JsonNode | undefined;
  for (const [name, node] of body.members()) {
    if (name === 'records') records = node;
    else if (!schemaMembers.has(name)) throw unrecognized(name);
  }
  if (records === undefined || records.isNull) throw unprocessable('records may not be missing.');
  if (records.kind !== 'array') throw badRequest('records must be a list of records.');
  const read: RecordToProduce[] = [];
  for (const node of records.items()) read.push(readRecord(node, format, partition, read.length));
  if (read.length === 0) throw unprocessable('records may not be empty.');
  return read;
}

const unrecognized = (name: string): RestError => unprocessable(`Unrecognized field: ${name.slice(0, 100)}`);

function readRecord(
  node: JsonNode,
  format: EmbeddedFormat,
  partition: bigint | undefined,
  index: number,
): RecordToProduce {
  const what = `records[${index}]`;
  if (node.kind !== 'object') throw badRequest(`${what} is not an object.`);
  const members: { [name: string]: JsonNode | undefined } = {};
  for (const [name, member] of node.members()) {
    if (!recordMembers.has(name)) throw unrecognized(name);
    members[name] = member;
  }
  const named = readPartition(members.partition, `${what}.partition`);
  return {
    partition: partition ?? named,
    key: readEmbedded(format, members.key, `${what}.key`),
    value: readEmbedded(format, members.value, `${what}.value`),
    headers: readHeaders(members.headers, `${what}.headers`),
    timestamp: readTimestamp(members.timestamp, `${what}.timestamp`),
  };
}

const recordMembers = new Set(['partition', 'key', 'value', 'headers', 'timestamp']);

const int32Max = 2n ** 31n - 1n;
const int64Max = 2n ** 63n - 1n;

/** One that the topic does not have is that record's own failure. */
const readPartition = (node: JsonNode | undefined, what: string): bigint | undefined =>
  withinRange(readInteger(node, what), int32Max, what);

/** Milliseconds since 1970. */
const readTimestamp = (node: JsonNode | undefined, what: string): bigint | undefined =>
  withinRange(readInteger(node, what), int64Max, what);

function withinRange(value: bigint | undefined, most: bigint, what: string): bigint | undefined {
  if (value === undefined) return undefined;
  if (value > most) throw badRequest(`${what} is larger than ${most}.`);
  if (value < 0n) throw unprocessable(`${what} must be at least 0.`);
  return value;
}

function readHeaders(node: JsonNode | undefined, what: string): RecordHeader[] {
  if (node === undefined || node.isNull) return [];
  if (node.kind !== 'array') throw badRequest(`${what} is not a list.`);
  return [...node.items()].map((item, index) => readHeader(item, `${what}[${index}]`));
}

function readHeader(node: JsonNode, what: string): RecordHeader {
  if (node.kind !== 'object') throw badRequest(`${what} is not an object.`);
  const members = node.memberMap();
  for (const name of members.keys()) if (!headerMembers.has(name)) throw unrecognized(name);
  const key = members.get('key');
  if (key === undefined || key.isNull) throw unprocessable(`${what}.key may not be missing.`);
  const name = key.kind === 'string' ? key.string() : undefined;
  if (name === undefined || !encodeText(name))
    throw badRequest(`${what}.key is not a text of Unicode characters.`);
  return { key: name, value: readHeaderValue(members.get('value'), `${what}.value`) };
}

const headerMembers = new Set(['key', 'value']);

const isUnknown = (result: unknown): boolean => isKafkaError(result, 'UNKNOWN_TOPIC_OR_PARTITION');

/**
 * When the store failed for every record, nothing or nothing certain is stored, and the whole request fails.
 */
function wholeFailure(
  results: readonly (StoredRecord | KafkaError)[],
  topic: RestTopic,
): RestError | undefined {
  const [first] = results;
  const sameError = (result: unknown): boolean =>
    isKafkaError(first) && isKafkaError(result, first.errorName);
  if (!results.every(sameError)) return undefined;
  const whole = restErrorOf(first, 'v2', topic.name);
  return whole !== undefined && (whole.status === 429 || whole.status >= 503) ? whole : undefined;
}

/** A record that the caller may not store turns the status of the answer into 401 or 403, as in R. */
function statusOf(results: readonly (StoredRecord | KafkaError)[]): number {
  const codes = results.filter((result) => isKafkaError(result)).map(recordErrorCode);
  if (codes.includes(40101)) return 401;
  return codes.includes(40301) ? 403 : 200;
}

const produceJson = (results: readonly (StoredRecord | KafkaError)[]): Json => ({
  offsets: results.map((result) =>
    isKafkaError(result)
      ? { partition: null, offset: null, error_code: recordErrorCode(result), error: result.message }
      : { partition: result.partition, offset: result.offset, error_code: null, error: null },
  ),
  key_schema_id: null,
  value_schema_id: null,
});
