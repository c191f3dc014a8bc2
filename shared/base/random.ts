import { randomFillSync } from 'node:crypto';

/** Chance comes in through this door only, so that a seed can replay everything. */
export interface Random {
  /** A float in [0, 1). */
  next(): number;
  /** `count` fresh random bytes. */
  bytes(count: number): Uint8Array;
}

/** The machine's own randomness. */
export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => randomFillSync(new Uint8Array(count)),
};

/** The same numbers again for the same seed (mulberry32: small, and enough to schedule a simulation). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { next, bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) };
}

/** A whole number in [0, `below`). */
export const integerBelow = (random: Random, below: number): number => Math.floor(random.next() * below);
