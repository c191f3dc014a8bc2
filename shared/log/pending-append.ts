import { assert } from '../base/assert.ts';
import type { Offset } from '../kafka/offsets.ts';
import { type EntryPlace, encodeEntry } from '../storage/items/entry.ts';
import type { LogContext } from './log-context.ts';
import type { BatchToSequence } from './sequence.ts';
import { type BatchToStage, type StagedBatch, stage } from './stage.ts';

/** An append that waits for its offset. */
export type PendingAppend = BatchToSequence & {
  toStage: BatchToStage;
  current: StagedBatch;
  /** Every place that an update which was sent has named: a lost one may still arrive. */
  namedPlaces: EntryPlace[];
  /** Its staged bytes did not arrive: they must be staged again before it can be sequenced. */
  stagingFailed: boolean;
  /** The outcome of a send was lost, in this try or an earlier one. */
  wasUnknown: boolean;
  /** A `next` of the head seen before the first send; undefined if none was. */
  nextBefore: Offset | undefined;
  /** Its error is told: it is not sent any more. */
  isRefused: boolean;
  /** The batch before it in its producer's sequence was refused by this process. */
  followsRefused: boolean;
  resolve(result: Sequenced): void;
  reject(error: unknown): void;
};

export type Sequenced = { baseOffset: Offset; logStartOffset: Offset };

export function pendingAppend(
  toStage: BatchToStage,
  staged: StagedBatch,
  resolve: (result: Sequenced) => void,
  reject: (error: unknown) => void,
): PendingAppend {
  const { producer, recordCount } = toStage.description;
  const { repeat } = toStage;
  const pending: PendingAppend = {
    toStage,
    current: staged,
    recordCount,
    encodedEntry: encodeEntry(staged.entry),
    form: { is: 'expected' },
    namedPlaces: [],
    stagingFailed: false,
    wasUnknown: repeat !== undefined && repeat.tries > 0,
    nextBefore: repeat?.nextBefore,
    isRefused: false,
    followsRefused: false,
    resolve,
    reject,
    ...(producer ? { producer } : {}),
    ...(staged.stagedMs === undefined ? {} : { stagedMs: staged.stagedMs }),
  };
  noticeStagingFailure(pending);
  return pending;
}

function noticeStagingFailure(pending: PendingAppend): void {
  const { staged } = pending.current;
  staged?.done.catch(() => {
    if (pending.current.staged === staged) pending.stagingFailed = true;
  });
}

/** Stages the same batch again under a key that nobody has used. */
export function restage(context: LogContext, pending: PendingAppend): void {
  const [staged] = stage(context, [pending.toStage]);
  assert(staged !== undefined, 'one batch is staged for one');
  pending.current = staged;
  pending.encodedEntry = encodeEntry(staged.entry);
  pending.stagingFailed = false;
  delete pending.stagedMs;
  if (staged.stagedMs !== undefined) pending.stagedMs = staged.stagedMs;
  noticeStagingFailure(pending);
}
