import { integerBelow } from '../../shared/base/random.ts';
import { partitionForKey } from '../../shared/kafka/murmur2.ts';
import * as shape from '../../shared/rest/contract-shapes.ts';
import type { Door } from '../door/door.ts';
import { DoorFailure } from '../door/door-failure.ts';
import { CommandFailure } from '../failure.ts';
import { PartitionLane, recordBytes } from './partition-lane.ts';
import type { InputRecord } from './read-record.ts';
import { failureOfLines, isRefusal, type StoredBatch, sendBatch } from './send-batch.ts';

export type ProducerOptions = {
  readonly topic: string;
  readonly partitions: number;
  /** A request has at most as many records, */
  readonly batchRecordsMax: number;
  /** and as many bytes, as records take in the log. */
  readonly batchBytesMax: number;
  /** Requests under way at once, one a partition. */
  readonly inFlightMax: number;
  /** Hears of each batch when it is stored. */
  readonly onStored: (
    partition: number,
    records: readonly InputRecord[],
    stored: StoredBatch,
  ) => Promise<void>;
  /** Hears when something fails that is tried again. */
  readonly onWait: (error: unknown) => void;
};

/** So much may wait in memory; the input is read no further meanwhile. */
const waitingBytesMax = 16 * 1024 * 1024;
/** A sequence is an int32; a fresh producer id begins at 0 again. */
const sequenceMax = 2 ** 31 - 1;

/**
 * Stores records in order, a partition's one batch after another and several partitions at once. Whatever
 * gathers while a batch is under way is the next one.
 */
export class Producer {
  takenCount = 0;
  storedCount = 0;
  private readonly door: Door;
  private readonly options: ProducerOptions;
  private readonly lanes: PartitionLane[];
  private sticky: number;
  private sharedId: Promise<number> | undefined;
  private waitingBytes = 0;
  private underWay = 0;
  private failure: { readonly error: unknown } | undefined;
  private isTurnTaken = false;
  private wake: (() => void) | undefined;

  constructor(door: Door, options: ProducerOptions) {
    this.door = door;
    this.options = options;
    this.lanes = Array.from({ length: options.partitions }, (_, partition) => new PartitionLane(partition));
    this.sticky = integerBelow(door.random, options.partitions);
  }

  get partitions(): number {
    return this.options.partitions;
  }

  /** Something failed for good; nothing more is sent. */
  get hasFailed(): boolean {
    return this.failure !== undefined;
  }

  /** Takes a record; resolves when there is room for another. */
  async add(record: InputRecord): Promise<void> {
    this.laneOf(record).add(record);
    this.takenCount++;
    this.waitingBytes += recordBytes(record);
    this.takeTurn();
    while (this.waitingBytes > waitingBytesMax && !this.hasFailed) await this.nextChange();
  }

  /** Resolves when everything is stored; throws what failed. */
  async end(): Promise<void> {
    this.startLanes();
    while (this.underWay > 0) await this.nextChange();
    if (this.failure) throw this.failure.error;
  }

  private laneOf({ partition, key, line }: InputRecord): PartitionLane {
    const byKey = (): number =>
      key === null ? this.stickyPartition() : partitionForKey(key, this.lanes.length);
    const lane = this.lanes[partition ?? byKey()];
    if (lane) return lane;
    const { topic, partitions } = this.options;
    throw new CommandFailure(
      `Line ${line} names partition ${partition}; ${topic} has ${partitions} (0 to ${partitions - 1}).`,
      'It was not sent, nor what follows it.',
    );
  }

  /** Records without a key stay together until they fill a batch, then go to another partition. */
  private stickyPartition(): number {
    const count = this.lanes.length;
    const isFull = (this.lanes[this.sticky]?.length ?? 0) >= this.options.batchRecordsMax;
    if (isFull && count > 1)
      this.sticky = (this.sticky + 1 + integerBelow(this.door.random, count - 1)) % count;
    return this.sticky;
  }

  /** What was read at once is sent together: lanes start when the reader has paused. */
  private takeTurn(): void {
    if (this.isTurnTaken) return;
    this.isTurnTaken = true;
    setImmediate(() => {
      this.isTurnTaken = false;
      this.startLanes();
    });
  }

  private startLanes(): void {
    for (const lane of this.lanes) {
      if (this.underWay >= this.options.inFlightMax || this.hasFailed) return;
      if (lane.length > 0 && !lane.isSending) void this.sendNext(lane);
    }
  }

  private async sendNext(lane: PartitionLane): Promise<void> {
    lane.isSending = true;
    this.underWay++;
    const { batchRecordsMax, batchBytesMax } = this.options;
    const records = lane.take(batchRecordsMax, batchBytesMax);
    try {
      await this.store(lane, records);
    } catch (error) {
      this.failure ??= { error };
    }
    this.waitingBytes -= records.reduce((bytes, record) => bytes + recordBytes(record), 0);
    lane.isSending = false;
    this.underWay--;
    this.startLanes();
    this.wake?.();
  }

  /** Stores a batch. What the log refuses is sent in halves, until the record is found that is at fault. */
  private async store(lane: PartitionLane, records: readonly InputRecord[]): Promise<void> {
    const { topic, onStored, onWait } = this.options;
    const { partition } = lane;
    try {
      const producerId = await this.producerIdFor(lane, records.length);
      const sequence = { producerId, sequence: lane.sequence };
      const stored = await sendBatch(this.door, { topic, partition }, sequence, records, onWait);
      lane.sequence += records.length;
      this.storedCount += records.length;
      await onStored(partition, records, stored);
    } catch (error) {
      if (!isRefusal(error) || records.length === 1) throw failureOfLines(error, records, this.storedCount);
      const middle = Math.ceil(records.length / 2);
      await this.store(lane, records.slice(0, middle));
      await this.store(lane, records.slice(middle));
    }
  }

  private async producerIdFor(lane: PartitionLane, count: number): Promise<number> {
    if (lane.sequence + count > sequenceMax) {
      lane.producerId = await this.newProducerId();
      lane.sequence = 0;
    }
    this.sharedId ??= this.newProducerId();
    lane.producerId ??= await this.sharedId;
    return lane.producerId;
  }

  /** An id costs nothing, so a lost answer is simply asked again. */
  private async newProducerId(): Promise<number> {
    const ask = () => this.door.call('createProducer', {}, shape.producer);
    const isPassing = (error: unknown): boolean => error instanceof DoorFailure && error.isPassing;
    return (await this.door.persist(ask, isPassing, undefined, this.options.onWait)).producer_id;
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}
