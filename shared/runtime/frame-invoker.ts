import type { FrameFunction } from './aws-frames.ts';
import type { FrameAnswer, FrameEvent } from './frame-events.ts';

/**
 * Why an invocation brought no answer:
 * - `notRun`: throttled or not reached; it surely did not run, and may if it is sent again.
 * - `refused`: it surely did not run, and will not without a change of rights, names or versions.
 * - `unknown`: it may have run, or may still run.
 */
export type InvokeFailure = 'notRun' | 'refused' | 'unknown';

export class InvokeError extends Error {
  override name = 'InvokeError';
  readonly kind: InvokeFailure;

  constructor(kind: InvokeFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}

/** What an answer stands for when the call failed with something else: nobody knows. */
export const invokeFailureOf = (error: unknown): InvokeFailure =>
  error instanceof InvokeError ? error.kind : 'unknown';

/** Hands frames to a function and waits for its answers, one for each call. Repeats nothing. */
export interface FrameInvoker {
  /** Throws InvokeError. */
  invoke(name: FrameFunction, event: FrameEvent): Promise<FrameAnswer[]>;
}

/** What one invocation may carry, less what base64 and JSON add to Lambda's 6 MB. */
export const frameBytesMax = 4_400_000;
