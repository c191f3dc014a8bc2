/** What `import … from 'millrace'` gives: the whole of Millrace inside the caller's own process. */
export type { Log, LogLevel } from '../shared/base/log.ts';
export { type Running, type StartOptions, start } from './start.ts';
