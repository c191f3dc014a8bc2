/**
 * How a store call can fail, the same for every engine:
 * - `conditionFailed`: the condition was false; nothing was changed.
 * - `throttled`, `conflict`: surely not applied; safe to send again.
 * - `unavailable`: the store could not be reached, or refused the call as such (full disk, no rights); surely
 *   not applied.
 * - `unknown`: the answer was lost. It may have happened, or may still happen later.
 */
export type StoreErrorKind = 'conditionFailed' | 'throttled' | 'conflict' | 'unavailable' | 'unknown';

export class StoreError extends Error {
  override name = 'StoreError';
  readonly kind: StoreErrorKind;
  /** Of a `transact`: the positions of the actions whose condition was false. */
  readonly failedActions: readonly number[];

  constructor(
    kind: StoreErrorKind,
    message: string,
    options: { cause?: unknown; failedActions?: number[] } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.kind = kind;
    this.failedActions = options.failedActions ?? [];
  }
}

export const isStoreError = (error: unknown, ...kinds: StoreErrorKind[]): error is StoreError =>
  error instanceof StoreError && (kinds.length === 0 || kinds.includes(error.kind));

/** The call was surely not applied and may be sent again as it is. */
export const mayRepeat = (error: unknown): boolean => isStoreError(error, 'throttled', 'conflict');

/** What became of a conditional write, without exceptions for what is expected. */
export type Outcome<T> =
  | { is: 'done'; value: T }
  | { is: 'refused' }
  /** Surely not applied, and repeating it did not help in time. */
  | { is: 'notApplied'; error: StoreError }
  | { is: 'unknown'; error: StoreError };

/** Awaits a conditional write. Anything but a `StoreError` is thrown on. */
export async function outcomeOf<T>(write: Promise<T>): Promise<Outcome<T>> {
  try {
    return { is: 'done', value: await write };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.kind === 'conditionFailed') return { is: 'refused' };
    return { is: error.kind === 'unknown' ? 'unknown' : 'notApplied', error };
  }
}

/**
 * A write whose condition may be false because its work is done already: true if it was applied, false if
 * refused.
 */
export async function tryWrite(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isStoreError(error, 'conditionFailed')) return false;
    throw error;
  }
}
