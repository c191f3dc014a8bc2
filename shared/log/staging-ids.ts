import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { type Ulid, ulidFromBytes, ulidToBytes } from '../base/ulid.ts';
import type { PartitionId } from '../kafka/topic-partition.ts';
import { type EntryPlace, entryIdBytes } from '../storage/items/entry.ts';
import { positionAlone } from '../storage/objects/batch-object.ts';
import type { AppendRepeat } from './api.ts';

/** Bytes of an id that the tries of one append share: the random part of an ULID. */
export const stagingIdBytes = 10;

const modulus = 1n << 80n;
/** A try stages no batch oftener than this, and there are no more tries than this. */
const stagingsMax = 1n << 12n;
const triesMax = 1n << 12n;

/**
 * The ids under which one batch is staged, again and again, by any process that tries to append it: numbers
 * that follow the staging id. So a later try knows the places of all earlier ones without being told, and no
 * two stagings share a key.
 */
export class StagingIds {
  private readonly first: bigint;
  private readonly tries: bigint;
  private stagings = 0n;
  /** Objects that begin with a batch of these ids hold this one at the position. */
  private readonly shared: { readonly leader: StagingIds; readonly position: number }[] = [];

  constructor({ stagingId, tries }: AppendRepeat, partition: PartitionId) {
    assert(stagingId.length === stagingIdBytes, `a staging id has ${stagingIdBytes} bytes`);
    assert(tries >= 0 && BigInt(tries) < triesMax, 'an append is tried a limited number of times');
    this.first = numberOf(stagingId);
    this.tries = BigInt(tries);
    this.sharesObject(this, positionAlone(partition));
  }

  nextEntryId(): Uint8Array {
    return this.next().subarray(stagingIdBytes - entryIdBytes);
  }

  nextUlid(clock: Clock): Ulid {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(clock.nowMs()) << 16n);
    bytes.set(this.next(), 16 - stagingIdBytes);
    return ulidFromBytes(bytes);
  }

  /**
   * The batch lies at `position` of the object whose first batch has the ids of `leader`. The tries of one
   * request stage the same batches in the same order, so the places are the same.
   */
  sharesObject(leader: StagingIds, position: number): void {
    this.shared.push({ leader, position });
  }

  /** Whether some try has staged its batch there. */
  has(place: EntryPlace): boolean {
    if (place.kind === 'embedded') return this.follows(place.id, 64);
    if (place.kind === 'item') return this.follows(randomPartOf(place.id), 80);
    if (place.kind !== 'object') return false;
    const random = randomPartOf(place.id);
    return this.shared.some(
      ({ leader, position }) => position === place.position && leader.follows(random, 80),
    );
  }

  private follows(id: Uint8Array, bits: number): boolean {
    return BigInt.asUintN(bits, numberOf(id) - this.first) < stagingsMax * triesMax;
  }

  private next(): Uint8Array {
    assert(this.stagings < stagingsMax, 'a batch is staged a limited number of times');
    const value = (this.first + this.tries * stagingsMax + this.stagings++) % modulus;
    const bytes = new Uint8Array(stagingIdBytes);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, Number(value >> 64n));
    view.setBigUint64(2, BigInt.asUintN(64, value));
    return bytes;
  }
}

const randomPartOf = (id: Ulid): Uint8Array => ulidToBytes(id).subarray(16 - stagingIdBytes);

const numberOf = (bytes: Uint8Array): bigint =>
  bytes.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
