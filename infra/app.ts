/**
 * The app behind `npx cdk deploy`. Context changes it: `-c stack=NAME`, `-c api=http|rest|functionUrl`,
 * `-c removal=retain|destroy`, `-c recoveryDays=N`, `-c corsOrigins=A,B`, `-c existingTable=NAME -c
 * existingBucket=NAME`.
 */
import { App } from 'aws-cdk-lib';
import type { MillraceProps } from './millrace.ts';
import { MillraceStack } from './millrace-stack.ts';

const app = new App();
const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;

/** One of the words allowed, or undefined if the context does not say. */
function word<T extends string>(name: string, allowed: readonly T[]): T | undefined {
  const value = context(name);
  if (value === undefined || (allowed as readonly string[]).includes(value)) return value as T | undefined;
  throw new Error(`-c ${name}=${value}: must be one of ${allowed.join(', ')}`);
}

function propsOfContext(): MillraceProps {
  const [api, removal] = [
    word('api', ['http', 'rest', 'functionUrl']),
    word('removal', ['retain', 'destroy']),
  ];
  const [recoveryDays, corsOrigins] = [context('recoveryDays'), context('corsOrigins')];
  const [tableName, bucketName] = [context('existingTable'), context('existingBucket')];
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

new MillraceStack(app, context('stack') ?? 'Millrace', propsOfContext());
