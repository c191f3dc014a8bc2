import { parseArgs } from 'node:util';
import { logLevels, openLocalLog } from '../shared/runtime/local-log.ts';
import { type StartOptions, start } from './start.ts';

const usage = (command: string): string => `millrace: Kafka, and the same over HTTP, in one process

  ${command} [options]

  --data DIR            folder of the data (default ./data)
  --memory              keep everything in memory instead
  --host H              address to listen on (default 127.0.0.1)
  --advertised-host H   address that Kafka clients are told to connect to (default: the one above)
  --rest-port N         port of the HTTP door (default 8082; 0 takes a free one)
  --kafka-port N        port of the first broker, further ones take the next (default 9092; 0: free ones)
  --brokers N           brokers that share the partitions, each with a port of its own (default 1)
  --default-partitions N  partitions of a topic that does not say (default 1)
  --cors-origin O       origin that browsers may call from; may be repeated (default *: any; none: no other)
  --log-level L         ${logLevels.join(', ')} (default warn; JSON lines on standard error)
  --help
`;

class BadUsage extends Error {}

function readArguments(args: readonly string[]): StartOptions | 'help' {
  const { values } = parse(args);
  if (values.help) return 'help';
  if (values.memory && values.data !== undefined)
    throw new BadUsage('--memory and --data exclude each other');
  const level = logLevels.find((name) => name === (values['log-level'] ?? 'warn'));
  if (!level) throw new BadUsage(`--log-level is one of ${logLevels.join(', ')}`);
  return {
    ...(values.memory ? {} : { data: values.data ?? './data' }),
    host: values.host ?? '127.0.0.1',
    restPort: whole('--rest-port', values['rest-port'] ?? '8082', 0, 65_535),
    kafkaPort: whole('--kafka-port', values['kafka-port'] ?? '9092', 0, 65_535),
    brokers: whole('--brokers', values.brokers ?? '1', 1, 100),
    ...(values['advertised-host'] === undefined ? {} : { advertisedHost: values['advertised-host'] }),
    defaultPartitions: whole('--default-partitions', values['default-partitions'] ?? '1', 1, 2_000),
    corsOrigins: (values['cors-origin'] ?? ['*']).filter((origin) => origin !== 'none'),
    log: openLocalLog(level),
  };
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    data: text,
    memory: { type: 'boolean' },
    host: text,
    'rest-port': text,
    'kafka-port': text,
    'advertised-host': text,
    brokers: text,
    'default-partitions': text,
    'cors-origin': { type: 'string', multiple: true },
    'log-level': text,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false });
  } catch (error) {
    throw new BadUsage(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new BadUsage(`${name} is a whole number from ${least} to ${most}, not "${text}"`);
}

/**
 * Runs Millrace until SIGTERM or SIGINT, as the arguments say. `command` is how the user calls it, for the
 * usage. Ends the process by itself: with 0, with 2 when the arguments are wrong, with 1 for all else.
 */
export function serve(args: readonly string[], command: string): Promise<void> {
  return run(args, command).catch((error: unknown) => fail(error, command));
}

async function run(args: readonly string[], command: string): Promise<void> {
  const options = readArguments(args);
  if (options === 'help') {
    process.stdout.write(usage(command));
    return;
  }
  const running = await start(options);
  const stop = (): void => {
    running.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, command),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.stdout.write(`millrace ready rest=${running.restUrl} kafka=${running.bootstrapServers}\n`);
}

function fail(error: unknown, command: string): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`millrace: ${message}\n${error instanceof BadUsage ? `\n${usage(command)}` : ''}`);
  process.exit(error instanceof BadUsage ? 2 : 1);
}
