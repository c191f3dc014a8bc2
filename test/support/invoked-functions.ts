import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { type Random, systemRandom } from '../../shared/base/random.ts';
import { Topics } from '../../shared/catalog/topics.ts';
import type { LogSettings } from '../../shared/log/log-context.ts';
import { openPartitionLogs } from '../../shared/log/partition-logs.ts';
import { type FrameFunction, type FrameServer, openFrameServer } from '../../shared/runtime/aws-frames.ts';
import type { AwsRuntime } from '../../shared/runtime/aws-runtime.ts';
import { type FrameEvent, readFrameAnswers, writeFrameEvent } from '../../shared/runtime/frame-events.ts';
import { type FrameInvoker, InvokeError } from '../../shared/runtime/frame-invoker.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import { codecs } from './broker-engine.ts';

/**
 * What becomes of an invocation: `throttled` and `unreached` do not run, `lost` runs and its answer is lost,
 * `vanished` does not run and nobody says so, `late` runs after its answer was given up.
 */
export type Fate = 'answered' | 'throttled' | 'refused' | 'lost' | 'vanished' | 'late';

export type FunctionsOptions = {
  readonly stores: Stores;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly fate?: (name: FrameFunction, event: FrameEvent) => Fate;
  readonly logSettings?: Partial<LogSettings>;
  /** How long a function takes to begin (ms). */
  readonly delayMs?: () => number;
};

export type InvokedFunctions = FrameInvoker & {
  readonly topics: Topics;
  readonly events: { readonly name: FrameFunction; readonly event: FrameEvent }[];
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>;
};

/**
 * The functions without Lambda: several environments of each on some stores, events and answers as text, and
 * a fate for each invocation.
 */
export function openFunctions(options: FunctionsOptions): InvokedFunctions {
  const { stores, clock = systemClock, random = systemRandom, fate = () => 'answered' } = options;
  const world = { stores, clock, random, log: silentLog };
  const runtimeOf = (): AwsRuntime => ({
    ...world,
    codecs,
    settings: { tableName: '', bucketName: '', recoveryDays: 7, corsOrigins: [] },
    logs: openPartitionLogs({ ...world, codecs, settings: options.logSettings ?? {} }),
    topics: new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: 5_000 } }),
  });
  const environments = Array.from({ length: 3 }, () => {
    const runtime = runtimeOf();
    const server = (name: FrameFunction) =>
      openFrameServer(runtime, name, async () => 'cluster-of-functions');
    return { produce: server('produce'), fetch: server('fetch'), control: server('control') };
  });
  const running = new Set<Promise<unknown>>();
  const events: InvokedFunctions['events'] = [];
  let turn = 0;
  const run = async (name: FrameFunction, text: string): Promise<unknown> => {
    await clock.sleep(options.delayMs?.() ?? 0);
    const server = environments[turn++ % environments.length]?.[name] as FrameServer;
    return JSON.parse(JSON.stringify(await server(JSON.parse(text))));
  };
  const started = (work: Promise<unknown>): Promise<unknown> => {
    const tracked: Promise<unknown> = work.finally(() => running.delete(tracked));
    tracked.catch(() => {});
    running.add(tracked);
    return tracked;
  };
  const invoke: FrameInvoker['invoke'] = async (name, event) => {
    events.push({ name, event });
    const text = writeFrameEvent(event);
    const becomes = fate(name, event);
    if (becomes === 'throttled') throw new InvokeError('notRun', 'Rate Exceeded');
    if (becomes === 'refused') throw new InvokeError('refused', 'AccessDenied');
    if (becomes === 'vanished') throw new InvokeError('unknown', 'the connection was reset');
    if (becomes === 'late') {
      void started(clock.sleep(5 + random.next() * 200).then(() => run(name, text)));
      throw new InvokeError('unknown', 'the connection was reset');
    }
    const answer = await started(run(name, text));
    if (becomes === 'lost') throw new InvokeError('unknown', 'the connection was reset');
    return readFrameAnswers(answer, event.calls.length);
  };
  const idle = async (): Promise<void> => {
    while (running.size > 0) await Promise.allSettled(running);
  };
  return { topics: runtimeOf().topics, events, invoke, idle };
}

/** Time that runs `factor` times as fast as the machine's. */
export function fastClock(factor: number): Clock {
  const startMs = systemClock.nowMs();
  return {
    nowMs: () => startMs + Math.floor((systemClock.nowMs() - startMs) * factor),
    sleep: (durationMs, signal) => systemClock.sleep(durationMs / factor, signal),
  };
}
