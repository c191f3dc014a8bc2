import { isKafkaError, type KafkaError } from '../kafka/error-codes.ts';
import type { RecordHeader } from '../records/record.ts';
import type { RestDeps, RestTopic } from './deps.ts';
import { type EmbeddedFormat, encodeText, readEmbedded, readHeaderValue } from './embedded-formats.ts';
import {
  badRequest,
  partitionNotFound,
  RestError,
  restErrorOf,
  serverFailed,
  unprocessable,
} from './errors.ts';
import { formatIsoTime, parseIsoTime } from './iso-time.ts';
import { readInteger } from './json-integer.ts';
import type { JsonNode } from './json-text.ts';
import type { Json } from './json-writer.ts';
import type { Partitioner } from './partitioner.ts';
import { produceRecords, type RecordToProduce, type StoredRecord } from './produce.ts';

/** A record as v3 takes it, with what its answer repeats. */
export type RecordEntry = RecordToProduce & { readonly keyType?: string; readonly valueType?: string };

const formats: Readonly<Record<string, EmbeddedFormat>> = { BINARY: 'binary', STRING: 'text', JSON: 'json' };
/** Without a type the schema says it, and these need one (R). */
const schemaTypes = new Set(['AVRO', 'JSONSCHEMA', 'PROTOBUF']);
const entryMembers = new Set(['partition_id', 'headers', 'key', 'value', 'timestamp', 'id']);

/** Reads one record. Throws 400, 404 40402 for a partition below 0, 422 for what needs a schema registry. */
export function readEntry(node: JsonNode): RecordEntry {
  if (node.kind !== 'object') throw badRequest('A record must be an object.');
  const members: { [name: string]: JsonNode | undefined } = {};
  for (const [name, member] of node.members()) {
    if (!entryMembers.has(name)) throw badRequest(`Unrecognized field: ${name.slice(0, 100)}`);
    members[name] = member;
  }
  const key = readData(members.key, 'key');
  const value = readData(members.value, 'value');
  return {
    partition: readPartition(members.partition_id),
    headers: readHeaders(members.headers),
    timestamp: readTimestamp(members.timestamp),
    key: key?.bytes ?? null,
    value: value?.bytes ?? null,
    ...(key === undefined ? {} : { keyType: key.type }),
    ...(value === undefined ? {} : { valueType: value.type }),
  };
}

function readPartition(node: JsonNode | undefined): bigint | undefined {
  const partition = readInteger(node, 'partition_id');
  if (partition !== undefined && partition < 0n)
    throw partitionNotFound(`There is no partition ${partition}.`);
  return partition;
}

function readData(
  node: JsonNode | undefined,
  what: string,
): { type: string; bytes: Uint8Array | null } | undefined {
  if (node === undefined || node.isNull) return undefined;
  if (node.kind !== 'object') throw badRequest(`${what} is not an object.`);
  const members = node.memberMap();
  const type = members.get('type');
  const name = type?.kind === 'string' ? type.string() : '';
  const needsRegistry = type === undefined || type.isNull || (schemaTypes.has(name) && members.has('schema'));
  if (needsRegistry) throw unprocessable(`${what} needs a schema registry, and there is none here.`);
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (!format) throw badRequest(`${what}.type must be BINARY, STRING or JSON.`);
  const other = [...members.keys()].find((member) => member !== 'type' && member !== 'data');
  if (other !== undefined)
    throw badRequest(`${what}.${other.slice(0, 100)} does not go with the type ${name}.`);
  return { type: name, bytes: readEmbedded(format, members.get('data'), `${what}.data`) };
}

function readHeaders(node: JsonNode | undefined): RecordHeader[] {
  if (node === undefined || node.isNull) return [];
  if (node.kind !== 'array') throw badRequest('headers is not a list.');
  return [...node.items()].map((item, index) => readHeader(item, `headers[${index}]`));
}

function readHeader(node: JsonNode, what: string): RecordHeader {
  const members = node.kind === 'object' ? node.memberMap() : undefined;
  const name = members?.get('name');
  const other = [...(members?.keys() ?? [])].some((member) => member !== 'name' && member !== 'value');
  if (name?.kind !== 'string' || other) {
    throw badRequest(`${what} must be an object with the members name and value.`);
  }
  const key = name.string();
  if (!encodeText(key)) throw badRequest(`${what}.name is not a text of Unicode characters.`);
  return { key, value: readHeaderValue(members?.get('value'), `${what}.value`) };
}

function readTimestamp(node: JsonNode | undefined): bigint | undefined {
  if (node === undefined || node.isNull) return undefined;
  const timeMs = node.kind === 'string' ? parseIsoTime(node.string(), { needsZone: true }) : undefined;
  if (timeMs === undefined || timeMs < 0n) {
    throw badRequest('timestamp must be a time in ISO 8601 with its zone, from 1970 on.');
  }
  return timeMs;
}

/**
 * Stores what could be read and answers each at its place: as the record's answer without `error_code`, or as
 * the error that is this record's alone. Never throws for one of them.
 */
export async function produceEntries(
  deps: RestDeps,
  topic: RestTopic,
  entries: readonly (RecordEntry | RestError)[],
  partitioner: Partitioner,
): Promise<({ readonly [name: string]: Json } | RestError)[]> {
  const readable = entries.filter((entry): entry is RecordEntry => !(entry instanceof RestError));
  const results = (await produceRecords(deps, topic, readable, partitioner)).values();
  return entries.map((entry) => {
    if (entry instanceof RestError) return entry;
    const result = results.next().value as StoredRecord | KafkaError;
    return isKafkaError(result)
      ? entryError(deps, topic, entry, result)
      : entryAnswer(deps, topic, entry, result);
  });
}

function entryError(deps: RestDeps, topic: RestTopic, entry: RecordEntry, error: KafkaError): RestError {
  const isPartition = entry.partition !== undefined && entry.partition >= BigInt(topic.partitions);
  if (isPartition) return partitionNotFound(error.message);
  const known = restErrorOf(error, 'v3', topic.name);
  if (!known) deps.log.error('a record could not be stored', { topic: topic.name, error });
  return known ?? serverFailed();
}

const entryAnswer = (
  { cluster }: RestDeps,
  topic: RestTopic,
  entry: RecordEntry,
  stored: StoredRecord,
): { readonly [name: string]: Json } => ({
  cluster_id: cluster.clusterId,
  topic_name: topic.name,
  partition_id: stored.partition,
  offset: stored.offset,
  timestamp: formatIsoTime(stored.timestamp),
  key: entry.keyType === undefined ? undefined : { type: entry.keyType, size: entry.key?.length ?? 0 },
  value:
    entry.valueType === undefined ? undefined : { type: entry.valueType, size: entry.value?.length ?? 0 },
});
