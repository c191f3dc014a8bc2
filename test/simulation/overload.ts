import { silentLog } from '../../shared/base/log.ts';
import { KafkaError } from '../../shared/kafka/error-codes.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../shared/log/partition-logs.ts';
import { jobsKey, newJobs } from '../../shared/storage/items/jobs.ts';
import { newPartitionHead, partitionHeadKey } from '../../shared/storage/items/partition-head.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import type { Faults } from './faults.ts';
import { SimulatedProcess } from './process.ts';
import { batchOf, plainCodecs } from './records.ts';
import { Scheduler, spread, virtualClock } from './scheduler.ts';
import { simulatedStores } from './stores.ts';

const partition = { topicId: 'busy', partition: 0 };
const config: LogConfig = {
  batchBytesMax: 1_048_588,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: (1n << 63n) - 1n,
  timestampAfterMaxMs: (1n << 63n) - 1n,
  compressionType: 'producer',
  retentionMs: -1n,
  retentionBytes: -1n,
  cleanupPolicy: ['delete'],
  segmentBytes: 1 << 24,
  segmentMs: 3_600_000n,
};

/** How an append ended, and when, in ms since the begin. */
export type Ended = { readonly atMs: number; readonly tookMs: number; readonly isStored: boolean };

/**
 * One partition on an engine that charges as DynamoDB does, and processes that know nothing of each other:
 * each serves one request at a time, as Lambda functions do, so nothing is grouped. Requests come at their
 * own rate, whatever becomes of the ones before.
 */
export class BusyPartition {
  readonly ended: Ended[] = [];
  private readonly scheduler: Scheduler;
  private readonly engine: Stores;
  private readonly faults: Faults;
  private readonly idle: OpenPartitionLogs[] = [];
  private readonly startMs: number;
  private readonly processesMax: number;
  private sent = 0;
  processes = 0;

  /**
   * `processesMax`: a request that finds all of them busy is turned away, as by Lambda's concurrency
   * limit.
   */
  constructor(seed: number, processesMax: number) {
    this.processesMax = processesMax;
    const scheduler = new Scheduler(seed, { eventsMax: 20_000_000 });
    this.scheduler = scheduler;
    this.startMs = scheduler.nowMs;
    this.faults = {
      legMs: () => spread(scheduler.random, 1, 4),
      fateOf: () => ({ is: 'answered' }),
      mishapOf: () => undefined,
      fateOfOrphan: () => 'now',
    };
    const clock = virtualClock(scheduler, 0, (wake) => wake());
    this.engine = openMemoryStores({ clock, random: scheduler.random, writeUnitsPerSecond: 1_000 });
  }

  async open(): Promise<void> {
    const { metadata } = this.engine;
    await metadata.put(partitionHeadKey(partition), newPartitionHead('busy'));
    await metadata.put(jobsKey(partition), newJobs(this.scheduler.nowMs));
  }

  /** Lets requests of 1 KB arrive at random times, so many a second on average. */
  offer(perSecond: number, forMs: number): Promise<void> {
    const untilMs = this.scheduler.nowMs + forMs;
    let isOver = false;
    const arrive = (): void => {
      if (this.scheduler.nowMs >= untilMs) {
        isOver = true;
        return;
      }
      void this.serve();
      const waitMs = (-Math.log(1 - this.scheduler.random.next()) * 1_000) / perSecond;
      this.scheduler.after(waitMs, 'a request', arrive);
    };
    this.scheduler.after(0, 'the first request', arrive);
    return this.scheduler.run(() => isOver);
  }

  /** Until nothing is under way any more. */
  rest(): Promise<void> {
    return this.scheduler.run();
  }

  get nowMs(): number {
    return this.scheduler.nowMs - this.startMs;
  }

  private async serve(): Promise<void> {
    const beganMs = this.nowMs;
    if (this.idle.length === 0 && this.processes === this.processesMax) {
      this.ended.push({ atMs: beganMs, tookMs: 0, isStored: false });
      return;
    }
    const logs = this.idle.pop() ?? this.startProcess();
    const number = this.sent++;
    const batch = batchOf(
      [{ key: 'k', value: `${number}` }],
      Math.floor(this.scheduler.nowMs),
      900,
      undefined,
    );
    const [answer] = await logs.append([{ partition, config, batch }]);
    const isStored = answer !== undefined && !(answer instanceof KafkaError);
    this.ended.push({ atMs: this.nowMs, tookMs: this.nowMs - beganMs, isStored });
    await logs.drain();
    this.idle.push(logs);
  }

  private startProcess(): OpenPartitionLogs {
    const process = new SimulatedProcess(this.scheduler, this.faults, {
      name: `process ${this.processes++}`,
    });
    const stores = simulatedStores(this.engine, this.scheduler, this.faults, process);
    const { clock, random } = process;
    return openPartitionLogs({ stores, codecs: plainCodecs, clock, random, log: silentLog });
  }
}
