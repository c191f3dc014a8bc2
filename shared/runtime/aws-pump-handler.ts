import { startOnLambda } from './aws-lambda-jobs.ts';
import { type Pump, pumpHourly, pumpStream } from './aws-pump.ts';
import { openAwsRuntime, writeLine } from './aws-runtime.ts';
import type { StreamRecord } from './aws-stream-pages.ts';
import type { JobName } from './job-events.ts';
import { readPumpSettings } from './settings.ts';

/** What reaches `pump`: a batch of the table's stream, or the hourly rule. */
export type PumpEvent = { readonly Records?: readonly StreamRecord[] };

/**
 * The handler of `pump`. It never does the work itself: a partition that takes long must not hold up a shard.
 */
export async function openPump(): Promise<(event: PumpEvent) => Promise<void>> {
  const { rollFunction, retainFunction, sweepFunction } = readPumpSettings(process.env);
  const functions: Readonly<Record<JobName, string>> = {
    roll: rollFunction,
    retain: retainFunction,
    sweep: sweepFunction,
  };
  const startFunction = startOnLambda();
  const pump: Pump = {
    runtime: await openAwsRuntime(),
    start: (job, event) => startFunction(functions[job], event),
    write: writeLine,
  };
  return (event) => (event.Records ? pumpStream(pump, event.Records) : pumpHourly(pump));
}
