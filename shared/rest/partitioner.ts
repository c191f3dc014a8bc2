import { integerBelow, type Random } from '../base/random.ts';
import { partitionForKey } from '../kafka/murmur2.ts';

/**
 * Chooses partitions as the Java client does: records with a key by murmur2 of the key, those without stay
 * together on one partition, drawn once for each partitioner.
 */
export class Partitioner {
  private readonly random: Random;
  private sticky: number | undefined;

  constructor(random: Random) {
    this.random = random;
  }

  partitionFor(key: Uint8Array | null, partitions: number): number {
    if (key !== null) return partitionForKey(key, partitions);
    if (this.sticky === undefined || this.sticky >= partitions) {
      this.sticky = integerBelow(this.random, partitions);
    }
    return this.sticky;
  }
}
