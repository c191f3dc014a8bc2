import pino from 'pino';
import type { Log, LogLevel } from '../base/log.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** JSON lines on standard error: standard output carries the ready line only. */
export function openLocalLog(level: (typeof logLevels)[number]): Log {
  const logger = pino(
    { level, serializers: { error: pino.stdSerializers.err, reason: String } },
    pino.destination({ fd: 2, sync: true }),
  );
  const say =
    (name: LogLevel): Log[LogLevel] =>
    (message, details = {}) =>
      logger[name](printable(details), message);
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** JSON knows no bigint. */
const printable = (details: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? value.toString() : value,
    ]),
  );
