import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { retry } from '../base/retry.ts';
import { type JobEvent, writeJobEvent } from './job-events.ts';

/** Starts a job's function and does not wait for its end. */
export type StartFunction = (functionName: string, event: JobEvent) => Promise<void>;

/**
 * Starts jobs by invoking their functions. A start whose answer was lost is sent again: jobs may run twice.
 */
export function startOnLambda(): StartFunction {
  const client = new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: 5_000 } });
  const policy = {
    ...{ firstDelayMs: 50, delayMsMax: 2_000, totalMsMax: 20_000 },
    ...{ clock: systemClock, random: systemRandom },
  };
  return async (functionName, event) => {
    const input = { FunctionName: functionName, Payload: writeJobEvent(event) };
    await retry(policy, mayPass, () => client.send(new InvokeCommand({ ...input, InvocationType: 'Event' })));
  };
}

/** Whatever is not plainly refused. */
function mayPass(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  return status === 0 || status === 429 || status >= 500;
}
