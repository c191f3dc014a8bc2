import type { RestDeps, RestTopic } from '../deps.ts';
import {
  badRequest,
  invalidBatch,
  invalidPayload,
  RestError,
  restErrorOf,
  serverFailed,
  tooLarge,
  unprocessable,
} from '../errors.ts';
import { JsonSplitter } from '../json-stream.ts';
import { type JsonNode, JsonSyntaxError, parseJson } from '../json-text.ts';
import { type Json, writeJson } from '../json-writer.ts';
import { Partitioner } from '../partitioner.ts';
import { produceEntries, type RecordEntry, readEntry } from '../record-entries.ts';
import { type Handler, type RestRequest, readJson } from '../rest-request.ts';
import { producerHeader } from './producers.ts';
import { checkCluster, topicOf } from './v3-resources.ts';

/**
 * A stream's records have no fixed place in a sequence: what is stored together depends on how the body
 * arrives.
 */
function refuseProducer({ headers }: RestRequest): void {
  if (headers.has(producerHeader)) {
    throw badRequest('Millrace-Producer is served at /topics/{topic} only.');
  }
}

type Produced = ({ readonly [name: string]: Json } | RestError)[];

/** Where the records of a request go. Without a topic, every record fails with the reason. */
class Target {
  private readonly deps: RestDeps;
  private readonly topic: RestTopic | RestError;
  private readonly partitioner: Partitioner;

  constructor(deps: RestDeps, topic: RestTopic | RestError) {
    this.deps = deps;
    this.topic = topic;
    this.partitioner = new Partitioner(deps.random);
  }

  /** Throws 404 for another cluster; an unknown topic is every record's own failure (R). */
  static async open(request: RestRequest, deps: RestDeps): Promise<Target> {
    checkCluster(request, deps);
    try {
      return new Target(deps, await topicOf(request, deps));
    } catch (error) {
      if (error instanceof RestError) return new Target(deps, error);
      throw error;
    }
  }

  async produce(entries: readonly (RecordEntry | RestError)[]): Promise<Produced> {
    const { topic } = this;
    if (topic instanceof RestError) {
      return entries.map((entry) => (entry instanceof RestError ? entry : topic));
    }
    return produceEntries(this.deps, topic, entries, this.partitioner);
  }
}

function entryOf(node: JsonNode): RecordEntry | RestError {
  try {
    return readEntry(node);
  } catch (error) {
    if (error instanceof RestError) return error;
    throw error;
  }
}

export const produceBatch: Handler = async (request, deps) => {
  refuseProducer(request);
  const target = await Target.open(request, deps);
  const entries = batchEntries(await readJson(request), deps.settings.batchEntriesMax);
  const results = await target.produce([...entries.values()].map(entryOf));
  const successes: Json[] = [];
  const failures: Json[] = [];
  for (const [position, id] of [...entries.keys()].entries()) {
    const result = results[position];
    if (result instanceof RestError) failures.push({ id, error_code: result.code, message: result.message });
    else successes.push({ id, ...result });
  }
  return { status: 207, body: { successes, failures } };
};

/** The entries of a batch by their ids. Throws 422 when they cannot be told apart. */
function batchEntries(body: JsonNode, entriesMax: number): Map<string, JsonNode> {
  const members = body.kind === 'object' ? body.memberMap() : new Map<string, JsonNode>();
  const other = [...members.keys()].find((name) => name !== 'entries');
  if (other !== undefined) throw unprocessable(`Unrecognized field: ${other.slice(0, 100)}`);
  const list = members.get('entries');
  if (list?.kind !== 'array') throw invalidBatch('The body must be an object with the list entries.');
  const entries = new Map<string, JsonNode>();
  for (const entry of list.items()) {
    const id = entry.kind === 'object' ? entry.memberMap().get('id') : undefined;
    const text = id?.kind === 'string' ? id.string() : '';
    if (text.length < 1 || text.length > 80)
      throw invalidBatch('Each entry needs an id of 1 to 80 characters.');
    if (entries.has(text)) throw invalidBatch('The ids of the entries are not distinct.');
    entries.set(text, entry);
    if (entries.size > entriesMax) throw invalidBatch(`More than ${entriesMax} entries are in the batch.`);
  }
  if (entries.size === 0) throw invalidBatch('The batch is empty.');
  return entries;
}

/** The records of a stream, as many as have arrived: an end of the text may be among them. */
type Arrived = { readonly entries: readonly (RecordEntry | RestError)[]; readonly isLast: boolean };

export const produceStream: Handler = async (request, deps) => {
  refuseProducer(request);
  const target = await Target.open(request, deps);
  const arrivals = arrivalsOf(request, deps);
  const first = await arrivals.next();
  if (first.done) throw invalidPayload('The body is empty; data is required.');
  return { status: 200, body: answerStream(target, arrivals, first.value, deps) };
};

/** Cuts the body into records. The first thing that is no JSON ends it, as an error in its place. */
async function* arrivalsOf(request: RestRequest, deps: RestDeps): AsyncGenerator<Arrived, undefined> {
  const splitter = new JsonSplitter();
  const { bodyBytesMax } = deps.settings;
  try {
    for await (const piece of request.pieces()) {
      const arrived = readAll(splitter.push(piece));
      if (arrived.entries.length > 0) yield arrived;
      if (arrived.isLast) return;
      if (splitter.pendingLength > bodyBytesMax)
        throw tooLarge(`A record is larger than ${bodyBytesMax} bytes.`);
    }
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    yield { entries: [error], isLast: true };
    return;
  }
  const rest = readAll(splitter.finish());
  if (rest.entries.length > 0) yield rest;
}

function readAll(texts: readonly string[]): Arrived {
  const entries: (RecordEntry | RestError)[] = [];
  for (const text of texts) {
    try {
      entries.push(entryOf(parseJson(text)));
    } catch (error) {
      if (!(error instanceof JsonSyntaxError)) throw error;
      entries.push(badRequest(`Error processing JSON: ${error.message}.`));
      return { entries, isLast: true };
    }
  }
  return { entries, isLast: false };
}

const encoder = new TextEncoder();

/** A record's answer with names of any length in it, or its error. */
const answerBytesAtMost = 800;

/** As many of the records as can still be answered, and where they are not all, why no more are taken. */
function answerable(arrived: Arrived, bytesLeft: number): Arrived {
  const most = Math.max(Math.floor(bytesLeft / answerBytesAtMost) - 1, 0);
  if (arrived.entries.length <= most) return arrived;
  const error = tooLarge('No more records can be answered here: send this one and those after it again.');
  return { entries: [...arrived.entries.slice(0, most), error], isLast: true };
}

/**
 * The answers, in order. What has arrived together is stored together; the next is read only when these
 * answers have been taken, so that neither side runs ahead.
 */
function answerStream(
  target: Target,
  arrivals: AsyncGenerator<Arrived, undefined>,
  first: Arrived,
  deps: RestDeps,
): ReadableStream<Uint8Array> {
  let next: Arrived | undefined = first;
  let bytesLeft = deps.settings.platformAnswerBytesMax ?? Number.POSITIVE_INFINITY;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const arrived: Arrived | undefined = next ?? (await arrivals.next()).value;
          next = undefined;
          if (!arrived) return controller.close();
          const { entries, isLast } = answerable(arrived, bytesLeft);
          const answers = encoder.encode((await target.produce(entries)).map(answerText).join(''));
          bytesLeft -= answers.length;
          controller.enqueue(answers);
          if (!isLast) return;
          controller.close();
          await arrivals.return(undefined);
        } catch (error) {
          controller.enqueue(encoder.encode(answerText(failureOf(error, deps))));
          controller.close();
          await arrivals.return(undefined);
        }
      },
      cancel: async () => {
        await arrivals.return(undefined);
      },
    },
    { highWaterMark: 1 },
  );
}

function failureOf(error: unknown, deps: RestDeps): RestError {
  const known = restErrorOf(error, 'v3');
  if (!known) deps.log.error('a stream of records failed', { error });
  return known ?? serverFailed();
}

const answerText = (result: { readonly [name: string]: Json } | RestError): string =>
  `${writeJson(
    result instanceof RestError
      ? { error_code: result.code, message: result.message }
      : { error_code: 200, ...result },
  )}\r\n`;
