/**
 * The app behind `npx cdk deploy`. Context changes it: `-c stack=NAME`, `-c api=http|rest|functionUrl`,
 * `-c removal=retain|destroy`, `-c recoveryDays=N`, `-c corsOrigins=A,B`, `-c existingTable=NAME -c
 * existingBucket=NAME`.
 */
import { App } from 'aws-cdk-lib';
import { propsOfContext } from './context.ts';
import { MillraceStack } from './millrace-stack.ts';

const app = new App();
const read = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
new MillraceStack(app, read('stack') ?? 'Millrace', propsOfContext(read));
