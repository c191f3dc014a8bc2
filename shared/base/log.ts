export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where the rooms say what happened. `runtime` chooses what is behind it. */
export type Log = Readonly<
  Record<LogLevel, (message: string, details?: Readonly<Record<string, unknown>>) => void>
>;

/** Says nothing. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
