import { inspect } from 'node:util';
import type { Clock } from '../base/clock.ts';
import type { Log, LogLevel } from '../base/log.ts';

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

export type AwsLogOptions = {
  readonly clock: Clock;
  /** Lambda sets `AWS_LAMBDA_LOG_LEVEL` from the function's application log level. */
  readonly level?: string | undefined;
  readonly functionName?: string | undefined;
  readonly write: (line: string) => void;
};

/**
 * One JSON object a line, with the members that Lambda's JSON logging knows (`timestamp`, `level`,
 * `message`), so that Lambda filters by level and the line is stored as it is.
 */
export function openAwsLog({ clock, level = 'WARN', functionName, write }: AwsLogOptions): Log {
  const least = Math.max(0, levels.indexOf(level.toLowerCase() as LogLevel));
  const entries = levels.map((name, rank) => {
    const say: Log[LogLevel] = (message, details = {}) => {
      if (rank < least) return;
      const timestamp = new Date(clock.nowMs()).toISOString();
      const head = { timestamp, level: name.toUpperCase(), message, function: functionName };
      write(`${JSON.stringify({ ...head, ...printable(details) })}\n`);
    };
    return [name, say] as const;
  });
  return Object.fromEntries(entries) as Log;
}

/**
 * Details as JSON can hold them: an error with its stack and causes, a bigint as text, anything odd as Node
 * shows it.
 */
function printable(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const shown = Object.entries(details).map(([name, value]): [string, unknown] => {
    if (value instanceof Error) return [name, inspect(value, { depth: 4 })];
    if (typeof value === 'bigint') return [name, value.toString()];
    return [name, typeof value === 'object' && value !== null ? inspect(value, { depth: 4 }) : value];
  });
  return Object.fromEntries(shown);
}

export type Metric = {
  readonly namespace: string;
  readonly name: string;
  readonly unit: 'Milliseconds' | 'Count';
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
};

/**
 * A metric as a log line in CloudWatch's embedded metric format. It calls itself WARN: what has no level
 * counts as INFO and would be filtered away with it.
 */
export function metricLine(clock: Clock, { namespace, name, unit, dimensions, value }: Metric): string {
  const timestampMs = clock.nowMs();
  const metrics = [
    { Namespace: namespace, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: unit }] },
  ];
  return `${JSON.stringify({
    timestamp: new Date(timestampMs).toISOString(),
    level: 'WARN',
    message: `metric ${name}`,
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: metrics },
    ...dimensions,
    [name]: value,
  })}\n`;
}
