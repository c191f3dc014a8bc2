import type { InputRecord } from './read-record.ts';

/** What a record takes in a batch at most: two varints of 10 and 5 bytes, four lengths of 5, attributes. */
const recordOverheadBytes = 36;

export const recordBytes = ({ key, value, headers }: InputRecord): number =>
  headers.reduce(
    (bytes, header) => bytes + 10 + 3 * header.key.length + (header.value?.length ?? 0),
    recordOverheadBytes + (key?.length ?? 0) + (value?.length ?? 0),
  );

/** The records that wait for one partition, in their order. */
export class PartitionLane {
  readonly partition: number;
  /** The sequence of the next record: 0 at first, then one more for each record stored. */
  sequence = 0;
  producerId: number | undefined;
  isSending = false;
  private readonly queue: InputRecord[] = [];

  constructor(partition: number) {
    this.partition = partition;
  }

  get length(): number {
    return this.queue.length;
  }

  add(record: InputRecord): void {
    this.queue.push(record);
  }

  /** The next batch: as many as fit, one at least. */
  take(recordsMax: number, bytesMax: number): InputRecord[] {
    let count = 0;
    let bytes = 0;
    for (const record of this.queue) {
      bytes += recordBytes(record);
      if (count > 0 && (count >= recordsMax || bytes > bytesMax)) break;
      count++;
    }
    return this.queue.splice(0, count);
  }
}
