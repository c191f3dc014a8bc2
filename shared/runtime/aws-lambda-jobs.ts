import { systemClock } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { retry } from '../base/retry.ts';
import { type JobEvent, writeJobEvent } from './job-events.ts';

export type LambdaJobs = {
  /**
   * Starts a job and does not wait for its end. A start whose answer was lost is sent again: jobs may run
   * twice.
   */
  start(functionName: string, event: JobEvent): Promise<void>;
  /** Runs a job to its end. Throws when it failed. */
  run(functionName: string, event: JobEvent): Promise<void>;
};

export class JobFailed extends Error {
  override name = 'JobFailed';
}

/**
 * Starts jobs by invoking their functions. The client is loaded here, for few calls of few functions need it.
 */
export async function startJobsOnLambda(): Promise<LambdaJobs> {
  const { InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient({ maxAttempts: 1, requestHandler: { requestTimeout: 900_000 } });
  const policy = {
    ...{ firstDelayMs: 50, delayMsMax: 2_000, totalMsMax: 20_000 },
    ...{ clock: systemClock, random: systemRandom },
  };
  return {
    async start(functionName, event) {
      const input = {
        FunctionName: functionName,
        InvocationType: 'Event',
        Payload: writeJobEvent(event),
      } as const;
      await retry(policy, mayPass, () => client.send(new InvokeCommand(input)));
    },
    async run(functionName, event) {
      const input = { FunctionName: functionName, Payload: writeJobEvent(event) };
      const answer = await retry(policy, isThrottled, () => client.send(new InvokeCommand(input)));
      if (answer.FunctionError === undefined) return;
      throw new JobFailed(`${functionName} failed: ${Buffer.from(answer.Payload ?? []).toString()}`);
    },
  };
}

type ClientError = { name?: string; $metadata?: { httpStatusCode?: number } };

const isThrottled = (error: unknown): boolean => (error as ClientError).$metadata?.httpStatusCode === 429;

/** Whatever is not plainly refused. */
function mayPass(error: unknown): boolean {
  const status = (error as ClientError).$metadata?.httpStatusCode ?? 0;
  return status === 0 || status === 429 || status >= 500;
}
