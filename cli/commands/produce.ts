import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { pairs, repeated, topicName, unescaped, whole } from '../arguments.ts';
import { type CommandContext, type DoorOptionValues, openDoor, withDoorOptions } from '../context.ts';
import type { Door } from '../door/door.ts';
import { CommandFailure, Interrupted, messageOf, UsageFailure } from '../failure.ts';
import { counted, digits, Progress, secondsText } from '../output/progress.ts';
import { Producer } from '../produce/producer.ts';
import {
  type DataFormat,
  dataFormats,
  type InputRecord,
  type ReadOptions,
  readRecord,
} from '../produce/read-record.ts';
import type { StoredBatch } from '../produce/send-batch.ts';
import { splitInput } from '../produce/split-input.ts';
import { readTime } from '../times.ts';

type Values = DoorOptionValues & {
  readonly file?: readonly string[];
  readonly keySeparator?: string;
  readonly key?: string;
  readonly partition?: number;
  readonly header?: readonly string[];
  readonly timestamp?: string;
  readonly delimiter: string;
  readonly whole?: boolean;
  readonly records?: boolean;
  readonly keyFormat: DataFormat;
  readonly valueFormat: DataFormat;
  readonly emptyIsNull?: boolean;
  readonly batch: number;
  readonly inFlight: number;
  readonly progress?: boolean;
  readonly quiet?: boolean;
};

const partitionMax = 2 ** 31 - 1;
/** A request stays well below what a function may be sent, as base64 within JSON. */
const batchBytesMax = 1_000_000;
/** The header of a batch, and some room. */
const batchOverheadBytes = 100;

const examples = `
Each line is a record; a record is acknowledged when it is stored. Order is kept in each partition, so for
each key; what is sent again because its answer was lost is stored once.

  echo hello | millrace produce orders
  millrace produce orders -K : < lines              key and value parted by the first colon
  millrace produce orders -f orders.json --whole    the file is one record
  millrace consume a -e --json | millrace produce b --records
`;

/** `millrace produce`. */
export function addProduce(program: Command, context: CommandContext): void {
  const format = (flags: string, what: string): Option =>
    new Option(flags, what).choices(dataFormats).default('text');
  const command = program
    .command('produce')
    .summary('Store records, one a line.')
    .description('Stores records: from standard input or files, one a line.')
    .argument('<topic>', 'where to', topicName)
    .option('-f, --file <path>', 'read a file instead of standard input; may be repeated', repeated)
    .option('-K, --key-separator <text>', 'what stands between key and value (\\t and \\x1f are understood)')
    .option('-k, --key <key>', 'the key of every record')
    .option(
      '-p, --partition <n>',
      'the partition of every record (default: by the key)',
      whole(0, partitionMax),
    )
    .option('-H, --header <name=value>', 'a header of every record; may be repeated', repeated)
    .option('--timestamp <time>', 'of every record: ISO 8601, ms since 1970, or an age like -2h')
    .option('-D, --delimiter <text>', 'what stands between records', '\\n')
    .option('--whole', 'the whole input is one record')
    .option('--records', 'each line is a JSON object as `consume --json` writes them')
    .addOption(format('--key-format <format>', 'how keys are written: as they are, JSON, or base64'))
    .addOption(format('--value-format <format>', 'how values are written'))
    .option('-Z, --empty-is-null', 'an empty key or value is null; a null value is a tombstone')
    .option('--batch <n>', 'records a request at most', whole(1, 10_000), 1_000)
    .option('--in-flight <n>', 'requests at once at most, one a partition', whole(1, 256), 8)
    .option('--progress', 'show progress also when standard error is no terminal')
    .option('-q, --quiet', 'say nothing but errors')
    .addHelpText('after', examples);
  withDoorOptions(command).action((topic: string, values: Values) => produce(context, topic, values));
}

async function produce(context: CommandContext, topic: string, values: Values): Promise<void> {
  const { terminal } = context;
  const options = readOptions(values, terminal.clock.nowMs());
  const delimiter = values.whole ? undefined : readDelimiter(values.delimiter);
  const input = await openInput(values.file ?? ['-'], terminal.stdin);
  const door = await openDoor(context, values);
  const progress = new Progress(terminal, !values.quiet && (values.progress === true || terminal.isWatched));
  const producer = await openProducer(context, door, topic, values, () => report());
  /** Of what was read, the share that is stored: much may wait, and a slow door takes its time with it. */
  const report = (): void => {
    const { storedCount: records, takenCount } = producer;
    const bytes = Math.round((input.readBytes() * records) / Math.max(takenCount, 1));
    progress.update({
      records,
      bytes,
      ...(input.sizeBytes === undefined ? {} : { bytesOfAll: input.sizeBytes }),
    });
  };
  if (values.partition !== undefined && values.partition >= producer.partitions) {
    throw new CommandFailure(
      `Topic ${topic} has no partition ${values.partition}; it has ${counted(producer.partitions, 'partition')}.`,
      'Nothing was sent.',
    );
  }
  if (input.isTyped && terminal.isWatched && !values.quiet) terminal.note('One record a line; Ctrl-D ends.');
  const signal = context.listenToSignals();
  try {
    await readAll(input.files, delimiter, options, producer, signal);
  } finally {
    await producer.end();
  }
  const said = `${counted(producer.storedCount, 'record')} stored in ${topic} in ${secondsText(progress.elapsedMs)}`;
  if (signal.aborted) throw new Interrupted(`Stopped: ${said}; nothing after them was sent.`);
  if (!values.quiet && !values.json)
    terminal.note(`${said}${rate(producer.storedCount, progress.elapsedMs)}`);
}

const rate = (count: number, elapsedMs: number): string =>
  count > 1 && elapsedMs > 0 ? ` (${digits(Math.round((count * 1_000) / elapsedMs))}/s)` : '';

async function openProducer(
  { terminal }: CommandContext,
  door: Door,
  topic: string,
  values: Values,
  onProgress: () => void,
): Promise<Producer> {
  const { partitions, configs } = await door.call('getTopic', { topic }, shape.topic);
  const messageBytesMax = Number(configs['max.message.bytes'] ?? batchBytesMax);
  const onStored = async (
    partition: number,
    records: readonly InputRecord[],
    { baseOffset }: StoredBatch,
  ): Promise<void> => {
    onProgress();
    if (!values.json) return;
    for (const [at, { line }] of records.entries()) {
      const offset = baseOffset === undefined ? null : baseOffset + BigInt(at);
      await terminal.json({ line, topic, partition, offset });
    }
  };
  return new Producer(door, {
    topic,
    partitions: partitions.length,
    batchRecordsMax: values.batch,
    batchBytesMax: Math.max(Math.min(batchBytesMax, messageBytesMax) - batchOverheadBytes, 1),
    inFlightMax: values.inFlight,
    onStored,
    onWait: (error) => {
      if (!values.quiet) terminal.note(`millrace: ${messageOf(error)} Trying again …`);
    },
  });
}

function readOptions(values: Values, nowMs: number): ReadOptions {
  const excluded: readonly (readonly [string, boolean])[] = [
    ['--key-separator', values.keySeparator !== undefined],
    ['--whole', values.whole === true],
  ];
  for (const [name, isGiven] of excluded) {
    if (values.records && isGiven) throw new UsageFailure(`--records and ${name} exclude each other.`);
  }
  if (values.key !== undefined && values.keySeparator !== undefined) {
    throw new UsageFailure('--key and --key-separator exclude each other.');
  }
  if (values.keySeparator === '') throw new UsageFailure('--key-separator may not be empty.');
  const headers = pairs('--header', values.header ?? []);
  return {
    isRecords: values.records === true,
    keySeparator: values.keySeparator === undefined ? undefined : unescaped(values.keySeparator),
    key: values.key === undefined ? undefined : Buffer.from(values.key),
    keyFormat: values.keyFormat,
    valueFormat: values.valueFormat,
    emptyIsNull: values.emptyIsNull === true,
    headers: headers.map(([key, value]) => ({ key, value: Buffer.from(value) })),
    partition: values.partition,
    timestampMs:
      values.timestamp === undefined ? undefined : readTime('--timestamp', values.timestamp, nowMs),
  };
}

function readDelimiter(text: string): Buffer {
  const delimiter = unescaped(text);
  if (delimiter.length > 0) return delimiter;
  throw new UsageFailure('--delimiter may not be empty; --whole makes one record of the input.');
}

type InputFile = AsyncIterable<Uint8Array>;
type OpenInput = {
  readonly files: readonly InputFile[];
  /** What all files have together, if they are files. */
  readonly sizeBytes: number | undefined;
  readonly isTyped: boolean;
  readBytes(): number;
};

/** Files are looked at before the first record is sent, so that a slip in a name sends nothing. */
async function openInput(
  paths: readonly string[],
  stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean },
): Promise<OpenInput> {
  const sizes = await Promise.all(paths.map((path) => (path === '-' ? undefined : sizeOf(path))));
  let read = 0;
  const counting = async function* (path: string): AsyncGenerator<Uint8Array> {
    const chunks = (path === '-' ? stdin : createReadStream(path)) as AsyncIterable<Uint8Array>;
    for await (const chunk of chunks) {
      read += chunk.length;
      yield chunk;
    }
  };
  const isKnown = sizes.every((size) => size !== undefined);
  return {
    files: paths.map(counting),
    sizeBytes: isKnown ? sizes.reduce((sum: number, size) => sum + (size ?? 0), 0) : undefined,
    isTyped: paths.includes('-') && stdin.isTTY === true,
    readBytes: () => read,
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new Error('it is a folder');
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    throw new CommandFailure(`${path} cannot be read: ${messageOf(error)}.`, 'Nothing was sent.', error);
  }
}

async function readAll(
  files: readonly InputFile[],
  delimiter: Buffer | undefined,
  options: ReadOptions,
  producer: Producer,
  signal: AbortSignal,
): Promise<void> {
  for (const file of files) {
    for await (const pieces of splitInput(untilAborted(file, signal), delimiter)) {
      for (const piece of pieces) {
        if (producer.hasFailed || signal.aborted) return;
        await producer.add(readRecord(piece, options));
      }
    }
  }
}

/** A read that waits for somebody to type ends with the signal, too. */
async function* untilAborted(chunks: InputFile, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted');
    signal.addEventListener('abort', () => resolve('aborted'), { once: true });
  });
  for (;;) {
    const next = await Promise.race([iterator.next(), aborted]);
    if (next === 'aborted' || next.done) return;
    yield next.value;
  }
}
