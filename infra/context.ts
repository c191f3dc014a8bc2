import type { MillraceProps } from './millrace.ts';

/** Reads the CDK's context: what stands behind `-c name=value`. */
export type ReadContext = (name: string) => string | undefined;

/** One of the words allowed, or undefined if the context does not say. */
function word<T extends string>(read: ReadContext, name: string, allowed: readonly T[]): T | undefined {
  const value = read(name);
  if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
  throw new Error(`-c ${name}=${value}: must be one of ${allowed.join(', ')}`);
}

/** The settings that the command line can choose. Throws with what is wrong. */
export function propsOfContext(read: ReadContext): MillraceProps {
  const api = word(read, 'api', ['http', 'rest', 'functionUrl']);
  const removal = word(read, 'removal', ['retain', 'destroy']);
  const [recoveryDays, corsOrigins] = [read('recoveryDays'), read('corsOrigins')];
  const [tableName, bucketName] = [read('existingTable'), read('existingBucket')];
  if ((tableName === undefined) !== (bucketName === undefined)) {
    throw new Error('existingTable and existingBucket belong together: give both');
  }
  return {
    ...(api ? { api } : {}),
    ...(removal ? { removal } : {}),
    ...(recoveryDays === undefined ? {} : { recoveryDays: Number(recoveryDays) }),
    ...(corsOrigins === undefined ? {} : { corsOrigins: corsOrigins.split(',') }),
    ...(tableName !== undefined && bucketName !== undefined ? { existing: { tableName, bucketName } } : {}),
  };
}
