import { parseArgs } from 'node:util';
import { logLevels, openLocalLog } from '../shared/runtime/local-log.ts';
import { settingNames } from '../shared/runtime/settings.ts';
import type { GatewayOptions } from './start-gateway.ts';

export const usage = (command: string): string => `millrace gateway: a Kafka port on a Millrace in AWS

  ${command} [options]

  --stack NAME            a deployed stack; its outputs name the table and the bucket
  --table NAME            the table (default: ${settingNames.tableName})
  --bucket NAME           the bucket (default: ${settingNames.bucketName})
  --region R              default: AWS_REGION and the other usual places
  --endpoint URL          an emulator's address; default: AWS_ENDPOINT_URL, or AWS itself
  --mode direct|invoke    serve in this process with rights on the data, or by the stack's functions
                          (default direct)
  --host H                address to listen on (default 127.0.0.1: nothing is authenticated here)
  --port N                port to listen on (default 9092; 0 takes a free one)
  --advertised-host H     address that clients are told to connect to (default: the one above)
  --advertised-port N     port that clients are told to connect to (default: the one above)
  --cluster               find the other gateways and share the partitions with them
  --broker-id N           the broker that this gateway is (default: 1, or any free one in a cluster)
  --default-partitions N  partitions of a topic that does not say (default 1)
  --produce-linger-ms N   how long batches wait for others, to share objects and updates (default 0)
  --heartbeat-hold-ms N   how long a member's heartbeats may be answered without a look at the group: a
                          rebalance is noticed that much later (default 0)
  --cache-mb N            memory for what passed through in the last minutes (default 256; 0: none)
  --log-level L           ${logLevels.join(', ')} (default warn; JSON lines on standard error)
  --help
`;

/** What was asked for cannot be meant. */
export class BadUsage extends Error {
  override name = 'BadUsage';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The options of a command line; what it does not name may come from the environment. Throws `BadUsage`. */
export function readGatewayArguments(
  args: readonly string[],
  environment: Environment = {},
): GatewayOptions | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const level = oneOf('--log-level', logLevels, values['log-level'] ?? 'warn');
  return present({
    stack: values.stack,
    tableName: values.table ?? named(environment, settingNames.tableName),
    bucketName: values.bucket ?? named(environment, settingNames.bucketName),
    region: values.region,
    endpoint: values.endpoint,
    mode: oneOf('--mode', ['direct', 'invoke'] as const, values.mode ?? 'direct'),
    host: values.host,
    port: whole('--port', values.port, 0, 65_535),
    advertisedHost: values['advertised-host'],
    advertisedPort: whole('--advertised-port', values['advertised-port'], 1, 65_535),
    cluster: values.cluster,
    brokerId: whole('--broker-id', values['broker-id'], 0, 2_147_483_647),
    defaultPartitions: whole('--default-partitions', values['default-partitions'], 1, 2_000),
    lingerMs: whole('--produce-linger-ms', values['produce-linger-ms'], 0, 5_000),
    heartbeatHoldMs: whole('--heartbeat-hold-ms', values['heartbeat-hold-ms'], 0, 300_000),
    cacheBytesMax: bytesOf(whole('--cache-mb', values['cache-mb'], 0, 65_536)),
    log: openLocalLog(level),
  });
}

function parse(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = {
    stack: text,
    table: text,
    bucket: text,
    region: text,
    endpoint: text,
    mode: text,
    host: text,
    port: text,
    'advertised-host': text,
    'advertised-port': text,
    cluster: { type: 'boolean' },
    'broker-id': text,
    'default-partitions': text,
    'produce-linger-ms': text,
    'heartbeat-hold-ms': text,
    'cache-mb': text,
    'log-level': text,
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new BadUsage(error instanceof Error ? error.message : String(error));
  }
}

const named = (environment: Environment, name: string): string | undefined => environment[name] || undefined;

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new BadUsage(`${name} is a whole number from ${least} to ${most}, not "${text}"`);
}

const bytesOf = (megabytes: number | undefined): number | undefined =>
  megabytes === undefined ? undefined : megabytes * 1024 * 1024;

function oneOf<T extends string>(name: string, values: readonly T[], text: string): T {
  const value = values.find((one) => one === text);
  if (value !== undefined) return value;
  throw new BadUsage(`${name} is one of ${values.join(', ')}, not "${text}"`);
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what is undefined. */
const present = <T extends object>(options: T): Partial<Present<T>> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<
    Present<T>
  >;
