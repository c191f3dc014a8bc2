/** Thrown when the code finds that one of its own invariants does not hold: a bug, never bad input. */
export class BrokenInvariant extends Error {
  override name = 'BrokenInvariant';
}

/** Stops when a claim that the code relies on is false. Bad input is a `KafkaError`, never an assert. */
export function assert(claim: boolean, message: string): asserts claim {
  if (!claim) throw new BrokenInvariant(message);
}

/** The value, asserted to be there. */
export function present<T>(value: T | undefined | null, message: string): T {
  assert(value !== undefined && value !== null, message);
  return value;
}
