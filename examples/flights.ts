/**
 * Sends real flights through a Millrace and reads them back: `npm run example:flights --
 * http://127.0.0.1:8082`.
 *
 * Each flight is a record with the airport of departure as its key, so all flights of an airport lie in one
 * partition. Several callers send at once; an airport belongs to one caller, which waits for each answer
 * before it sends on, so its flights must come back in the order sent. Whatever is missing, doubled, altered,
 * elsewhere or out of order is named, and the exit code is 1.
 *
 * It needs fetch and nothing of ours. The flights are those of the npm package `vega-datasets`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { signedFetch } from './signed-fetch.ts';

const usage = `npm run example:flights -- ADDRESS [options]

  ADDRESS              of the HTTP door, e.g. http://127.0.0.1:8082 or the URL that cdk deploy printed
  --topic NAME         default flights; made with 6 partitions if it is not there
  --200k               200,000 flights instead of 20,000 (they name no airport: their distance is the key)
  --limit N            the first N flights only
  --callers N          callers at once, default 8
  --batch N            records a request, default 100
  --segment-bytes N    segment.bytes of the topic that is made, default 16384: most is read from segments then
  --read-only          send nothing: the topic holds the flights of one former run, which are read and checked
  --sign               sign with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN for AWS_REGION
  --json               one JSON report on standard output
`;

/** A flight of the data set, with its place in it. */
type Flight = { readonly number: number; readonly origin?: string; readonly distance: number };

type Options = {
  readonly topic: string;
  readonly callers: number;
  readonly batch: number;
  readonly segmentBytes: number;
  readonly isLarge: boolean;
  readonly limit: number;
  readonly isJson: boolean;
  readonly isReadOnly: boolean;
};

/**
 * Calls the door and answers the body; the signal of any status but 2xx is an error with what the door said.
 */
type Call = (path: string, init?: RequestInit) => Promise<unknown>;

type Consumed = { readonly partition: number; readonly key: string; readonly value: Flight };
type Place = { readonly partition: number; readonly from: number };

const partitionCount = 6;
const v2Json = 'application/vnd.kafka.json.v2+json';
const throttled = 429;
const keyOf = ({ origin, distance }: Flight): string => origin ?? `${distance} miles`;

function readFlights(isLarge: boolean): Flight[] {
  const name = isLarge ? 'flights-200k.json' : 'flights-20k.json';
  const file = new URL(`../data/${name}`, import.meta.resolve('vega-datasets'));
  const flights = JSON.parse(readFileSync(file, 'utf8')) as Omit<Flight, 'number'>[];
  return flights.map((flight, number) => ({ number, ...flight }));
}

const groupByAirport = (flights: readonly Flight[]): Map<string, Flight[]> => {
  const airports = new Map<string, Flight[]>();
  for (const flight of flights) {
    const key = keyOf(flight);
    const known = airports.get(key);
    if (known) known.push(flight);
    else airports.set(key, [flight]);
  }
  return airports;
};

/**
 * The flights of each caller, in the order of the data: airports are dealt out so that all have about as
 * many.
 */
function dealOut(airports: ReadonlyMap<string, readonly Flight[]>, callers: number): Flight[][] {
  const hands: Flight[][] = Array.from({ length: callers }, () => []);
  const largestFirst = [...airports.values()].sort((a, b) => b.length - a.length);
  for (const flights of largestFirst) {
    const smallest = hands.reduce((least, hand) => (hand.length < least.length ? hand : least));
    smallest.push(...flights);
  }
  for (const hand of hands) hand.sort((a, b) => a.number - b.number);
  return hands;
}

function openCalls(address: string, send: typeof fetch): Call {
  const base = address.replace(/\/+$/, '');
  return async function call(path, init = {}): Promise<unknown> {
    const answer = await send(`${base}${path}`, init);
    const text = await answer.text();
    if (answer.status === throttled) {
      // Surely not stored, so it may be sent again.
      const seconds = Number(answer.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
      return call(path, init);
    }
    if (!answer.ok)
      throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  };
}

const post = (body: unknown, type: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': type, accept: type },
  body: JSON.stringify(body),
});

/** Makes the topic if it is missing, and answers from where each partition is to be read when all is sent. */
async function openTopic(call: Call, options: Options): Promise<Place[]> {
  const { topic, isReadOnly } = options;
  if (!((await call('/topics')) as string[]).includes(topic)) {
    if (isReadOnly) throw new Error(`there is no topic ${topic}`);
    await createTopic(call, options);
  }
  const partitions = (await call(`/topics/${topic}/partitions`)) as { partition: number }[];
  if (partitions.length !== partitionCount)
    throw new Error(
      `${topic} has ${partitions.length} partitions, not ${partitionCount}: name another --topic`,
    );
  return Promise.all(
    partitions.map(async ({ partition }) => ({
      partition,
      from: isReadOnly ? 0 : await endOf(call, topic, partition),
    })),
  );
}

async function createTopic(call: Call, { topic, segmentBytes }: Options): Promise<void> {
  const { data } = (await call('/v3/clusters')) as { data: { cluster_id: string }[] };
  const wanted = {
    topic_name: topic,
    partitions_count: partitionCount,
    configs: [{ name: 'segment.bytes', value: String(segmentBytes) }],
  };
  await call(`/v3/clusters/${data[0]?.cluster_id}/topics`, post(wanted, 'application/json'));
}

async function endOf(call: Call, topic: string, partition: number): Promise<number> {
  const offsets = await call(`/topics/${topic}/partitions/${partition}/offsets`);
  return (offsets as { end_offset: number }).end_offset;
}

/** One caller: a request after the other. */
async function produce(
  call: Call,
  options: Options,
  flights: readonly Flight[],
  sent: (count: number) => void,
): Promise<void> {
  for (let first = 0; first < flights.length; first += options.batch) {
    const batch = flights.slice(first, first + options.batch);
    const records = batch.map((flight) => ({ key: keyOf(flight), value: flight }));
    const answer = await call(`/topics/${options.topic}`, post({ records }, v2Json));
    const { offsets } = answer as { offsets: { offset: number | null; error: string | null }[] };
    const failed = offsets.find(({ offset }) => offset === null);
    if (failed) throw new Error(`a record was refused: ${failed.error}`);
    if (offsets.length !== batch.length)
      throw new Error(`${batch.length} records, ${offsets.length} answers`);
    sent(batch.length);
  }
}

/** Everything of a partition from `from` to where it ends now. */
async function consume(
  call: Call,
  topic: string,
  { partition, from }: Place,
  received: (count: number) => void,
): Promise<Consumed[]> {
  const end = await endOf(call, topic, partition);
  const all: Consumed[] = [];
  for (let offset = from; offset < end; ) {
    const path = `/topics/${topic}/partitions/${partition}/records?offset=${offset}&timeout=1000`;
    const records = (await call(path, { headers: { accept: v2Json } })) as (Consumed & { offset: number })[];
    for (const record of records) {
      if (record.offset !== offset)
        throw new Error(`partition ${partition}: offset ${record.offset} instead of ${offset}`);
      offset++;
      all.push(record);
    }
    received(records.length);
  }
  return all;
}

/** What is not as it should be, in words; empty when every flight is there once, in its place and order. */
function violationsOf(sent: ReadonlyMap<string, readonly Flight[]>, consumed: readonly Consumed[]): string[] {
  const violations: string[] = [];
  const byAirport = new Map<string, Consumed[]>();
  for (const record of consumed) byAirport.set(record.key, [...(byAirport.get(record.key) ?? []), record]);
  for (const [airport, flights] of sent) {
    const found = byAirport.get(airport) ?? [];
    const partitions = new Set(found.map(({ partition }) => partition));
    if (partitions.size > 1) violations.push(`${airport} lies in partitions ${[...partitions].join(', ')}`);
    if (found.length !== flights.length)
      violations.push(`${airport}: ${flights.length} flights were sent, ${found.length} came back`);
    const place = flights.findIndex(
      (flight, at) => JSON.stringify(flight) !== JSON.stringify(found[at]?.value),
    );
    if (place >= 0)
      violations.push(
        `${airport}: flight ${flights[place]?.number} was sent as number ${place} of this airport, ` +
          `there came ${JSON.stringify(found[place]?.value)}`,
      );
  }
  for (const airport of byAirport.keys())
    if (!sent.has(airport)) violations.push(`${airport} was never sent`);
  return violations;
}

/** Says on standard error how far the work is, at most twenty times. */
function progress(what: string, total: number): (count: number) => void {
  let done = 0;
  let said = 0;
  return (count) => {
    done += count;
    const twentieths = Math.floor((done * 20) / total);
    if (twentieths === said) return;
    said = twentieths;
    process.stderr.write(`${what} ${done.toLocaleString('en')} of ${total.toLocaleString('en')} flights\n`);
  };
}

/** Runs `work` and answers what it gives, with the seconds it took. */
async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const begun = process.hrtime.bigint();
  const result = await work();
  return { result, seconds: Number(process.hrtime.bigint() - begun) / 1e9 };
}

async function run(call: Call, options: Options) {
  const flights = readFlights(options.isLarge).slice(0, options.limit);
  const airports = groupByAirport(flights);
  const places = await openTopic(call, options);
  const perSecond = (seconds: number): number => Math.round(flights.length / seconds);
  const sent = progress('sent', flights.length);
  const hands = options.isReadOnly ? [] : dealOut(airports, options.callers);
  const producing = await timed(() => Promise.all(hands.map((hand) => produce(call, options, hand, sent))));
  const received = progress('read', flights.length);
  const consuming = await timed(() =>
    Promise.all(places.map((place) => consume(call, options.topic, place, received))),
  );
  return {
    flights: flights.length,
    airports: airports.size,
    partitions: places.length,
    callers: options.callers,
    recordsPerRequest: options.batch,
    ...(options.isReadOnly ? {} : { producedPerSecond: perSecond(producing.seconds) }),
    consumedPerSecond: perSecond(consuming.seconds),
    violations: violationsOf(airports, consuming.result.flat()),
  };
}

function wholeNumber(name: string, text: string): number {
  if (/^[1-9][0-9]{0,9}$/.test(text)) return Number(text);
  throw new Error(`--${name} is a whole number of at least 1, not "${text}"`);
}

const text = (otherwise: string) => ({ type: 'string', default: otherwise }) as const;
const flag = { type: 'boolean', default: false } as const;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      topic: text('flights'),
      callers: text('8'),
      batch: text('100'),
      'segment-bytes': text('16384'),
      limit: text('1000000'),
      '200k': flag,
      'read-only': flag,
      sign: flag,
      json: flag,
    },
  });
  const [address, ...others] = positionals;
  if (address === undefined || others.length > 0) throw new Error(`one address is wanted\n\n${usage}`);
  const options: Options = {
    topic: values.topic,
    callers: wholeNumber('callers', values.callers),
    batch: wholeNumber('batch', values.batch),
    segmentBytes: wholeNumber('segment-bytes', values['segment-bytes']),
    isLarge: values['200k'],
    limit: wholeNumber('limit', values.limit),
    isJson: values.json,
    isReadOnly: values['read-only'],
  };
  const report = await run(openCalls(address, values.sign ? await signedFetch(address) : fetch), options);
  process.stdout.write(`${options.isJson ? JSON.stringify(report) : described(report)}\n`);
  if (report.violations.length > 0) process.exitCode = 1;
}

function described(report: Awaited<ReturnType<typeof run>>): string {
  const { airports, partitions, callers, recordsPerRequest, producedPerSecond, violations } = report;
  const count = (value: number): string => value.toLocaleString('en');
  const how = `(${callers} callers, ${recordsPerRequest} a request)`;
  return [
    `${count(report.flights)} flights of ${airports} airports in ${partitions} partitions`,
    ...(producedPerSecond === undefined ? [] : [`produced ${count(producedPerSecond)} records/s ${how}`]),
    `consumed ${count(report.consumedPerSecond)} records/s`,
    ...(violations.length === 0 ? ['Every flight is there once, each airport in order.'] : []),
    ...violations.slice(0, 20).map((violation) => `VIOLATION ${violation}`),
  ].join('\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`flights: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
