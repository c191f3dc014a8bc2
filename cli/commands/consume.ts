import { setMaxListeners } from 'node:events';
import { type Command, Option } from 'commander';
import * as shape from '../../shared/rest/contract-shapes.ts';
import { groupName, partitionList, topicNames, unescaped, whole } from '../arguments.ts';
import { type RecordFormat, recordFormat } from '../consume/format-string.ts';
import { jsonFormat } from '../consume/json-format.ts';
import type { TopicPartition } from '../consume/partition-offsets.ts';
import { readGroup } from '../consume/read-group.ts';
import { readPartitions } from '../consume/read-partitions.ts';
import { RecordWriter } from '../consume/record-writer.ts';
import { readStartPosition, type StartPosition } from '../consume/start-position.ts';
import { type CommandContext, type DoorOptionValues, openDoor, withDoorOptions } from '../context.ts';
import type { Door } from '../door/door.ts';
import { CommandFailure, messageOf, UsageFailure } from '../failure.ts';
import { counted, Progress } from '../output/progress.ts';
import { type DataFormat, dataFormats } from '../produce/read-record.ts';

type Values = DoorOptionValues & {
  readonly offset?: string;
  readonly fromBeginning?: boolean;
  readonly partition?: readonly number[];
  readonly exit?: boolean;
  readonly count?: number;
  readonly group?: string;
  readonly format?: string;
  readonly keySeparator?: string;
  readonly null?: string;
  readonly keyFormat: DataFormat;
  readonly valueFormat: DataFormat;
  readonly progress?: boolean;
  readonly quiet?: boolean;
};

const examples = `
Reads from the beginning and goes on until Ctrl-C, unless told otherwise. Records of one partition come in
their order.

  millrace consume orders -e                        everything there is, then the end
  millrace consume orders -o -10 -e                 the last ten of each partition
  millrace consume orders -o @-1h -f '%T %k %s\\n'   since an hour ago, with time and key
  millrace consume orders -g billing                as a member of a group, which remembers where it was

In --format: %s value, %k key, %t topic, %p partition, %o offset, %T time in ms, %h headers, %S and %K length
of value and key (-1: null), %R the length of the value as 4 bytes, %% a %, \\n \\t \\xNN.
`;

/** `millrace consume`. */
export function addConsume(program: Command, context: CommandContext): void {
  const format = (flags: string, what: string): Option =>
    new Option(flags, what).choices(dataFormats).default('text');
  const command = program
    .command('consume')
    .summary('Read records.')
    .description('Reads records of one or more topics.')
    .argument('<topics...>', 'where from', topicNames)
    .option('-o, --offset <where>', 'earliest (default), latest, a number, -100: the last hundred, or @TIME')
    .option('--from-beginning', 'the same as --offset earliest')
    .option('-p, --partition <list>', 'these partitions only: 0, 0,3 or 0-5', partitionList)
    .option('-e, --exit', 'end where the topic ended when the command began')
    .option('-c, --count <n>', 'end after so many records', whole(1, Number.MAX_SAFE_INTEGER))
    .option('-g, --group <name>', 'read as a member of a group, and commit what was written', groupName)
    .option('-f, --format <text>', 'how to write a record, in the language of kcat (default: "%s\\n")')
    .option('-K, --key-separator <text>', 'write the key and this before each value')
    .option('-Z, --null <text>', 'how to write a null key or value (default: nothing)')
    .addOption(format('--key-format <format>', 'with --json: keys as text, as JSON, or as base64'))
    .addOption(format('--value-format <format>', 'with --json: values'))
    .option('--progress', 'show progress on standard error')
    .option('-q, --quiet', 'say nothing but errors')
    .addHelpText('after', examples);
  withDoorOptions(command).action((topics: string[], values: Values) => consume(context, topics, values));
}

async function consume(context: CommandContext, topics: readonly string[], values: Values): Promise<void> {
  const { terminal } = context;
  const format = formatOf(values);
  const position = positionOf(values, terminal.clock.nowMs());
  const reset = values.group === undefined ? undefined : resetOf(position, values);
  const door = await openDoor(context, values);
  const done = new AbortController();
  const signal = AbortSignal.any([context.listenToSignals(), done.signal, terminal.readerGone]);
  // Each reader listens to it.
  setMaxListeners(0, signal);
  const progress = new Progress(terminal, values.progress === true);
  const countMax = values.count ?? Number.POSITIVE_INFINITY;
  const writer = new RecordWriter(terminal, format, countMax, progress, () => done.abort());
  const note = (message: string): void => {
    if (!values.quiet) terminal.note(`millrace: ${message}`);
  };
  const onWait = (error: unknown): void => note(`${messageOf(error)} Trying again …`);
  const exitsAtEnd = values.exit === true;
  const places = await findPlaces(door, topics, values.partition);
  if (values.group !== undefined && reset !== undefined) {
    await readGroup(door, writer, { group: values.group, topics, reset, exitsAtEnd, signal, onWait });
  } else {
    await readPartitions(door, writer, { places, position, exitsAtEnd, signal, onWait, note });
  }
  if (values.progress) note(`${counted(writer.count, 'record')} read.`);
}

function formatOf(values: Values): RecordFormat {
  const { json, format, keySeparator, keyFormat, valueFormat } = values;
  const given = { '--json': json, '--format': format, '--key-separator': keySeparator };
  const names = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (names.length > 1) throw new UsageFailure(`${names.join(' and ')} exclude each other.`);
  if (json) return jsonFormat({ keyFormat, valueFormat });
  if (keyFormat !== 'text' || valueFormat !== 'text') {
    throw new UsageFailure('--key-format and --value-format are for --json.');
  }
  if (keySeparator === undefined) return recordFormat(format ?? '%s\\n', values.null);
  const [key, value] = [recordFormat('%k', values.null), recordFormat('%s\\n', values.null)];
  const separator = unescaped(keySeparator);
  return (record) => Buffer.concat([key(record), separator, value(record)]);
}

function positionOf({ offset, fromBeginning }: Values, nowMs: number): StartPosition {
  if (offset !== undefined && fromBeginning) {
    throw new UsageFailure('--offset and --from-beginning exclude each other.');
  }
  return readStartPosition(offset ?? 'earliest', nowMs);
}

/** A group remembers where it was; only where it begins for the first time can be said. */
function resetOf(position: StartPosition, { partition }: Values): 'earliest' | 'latest' {
  if (partition !== undefined) {
    throw new UsageFailure(
      '--partition and --group exclude each other: the group shares the partitions out.',
    );
  }
  if (position.kind === 'earliest' || position.kind === 'latest') return position.kind;
  throw new UsageFailure(
    'With --group, --offset is earliest or latest, for partitions without a committed offset. ' +
      '`millrace groups reset-offsets` moves a group.',
  );
}

/** The partitions to read. Throws for a topic or a partition that is not there. */
async function findPlaces(
  door: Door,
  topics: readonly string[],
  wanted: readonly number[] | undefined,
): Promise<TopicPartition[]> {
  const places: TopicPartition[] = [];
  for (const topic of topics) {
    const { length } = await door.call('listPartitions', { topic }, shape.partitions);
    const missing = wanted?.find((partition) => partition >= length);
    if (missing !== undefined) {
      throw new CommandFailure(
        `Topic ${topic} has no partition ${missing}; it has ${counted(length, 'partition')}.`,
      );
    }
    const numbers = wanted ?? Array.from({ length }, (_, partition) => partition);
    places.push(...numbers.map((partition) => ({ topic, partition })));
  }
  return places;
}
