import type { History } from '../history.ts';
import { bytesChanged } from './bytes-changed.ts';
import type { Anomaly, Checker } from './checker.ts';
import { offsetWentBack, zombieCommit } from './committed-offsets.ts';
import { duplicateBatch } from './duplicate-batch.ts';
import { duplicateOffset } from './duplicate-offset.ts';
import { zombie } from './fencing.ts';
import { outOfRange, removedTooEarly, topicGone } from './gone.ts';
import { numbersWentBack } from './group-numbers.ts';
import { hole } from './hole.ts';
import { lostWrite } from './lost-write.ts';
import { highWatermarkMovedBack, startMovedBack } from './moved-back.ts';
import { mixedAssignments, twoOwners, wrongSubscription } from './one-owner.ts';
import { order } from './order.ts';
import { refusedWrite } from './refused-write.ts';
import { resurrected } from './resurrected.ts';
import { skippedRead } from './skipped-read.ts';
import { oldEpochAccepted, twoHands } from './two-hands.ts';
import { unsettled } from './unsettled.ts';
import { wrongRefusal } from './wrong-refusal.ts';
import { wrongTimestamp } from './wrong-timestamp.ts';

export const checkers: readonly Checker[] = [
  lostWrite,
  duplicateOffset,
  duplicateBatch,
  hole,
  skippedRead,
  order,
  zombie,
  startMovedBack,
  highWatermarkMovedBack,
  resurrected,
  bytesChanged,
  removedTooEarly,
  outOfRange,
  topicGone,
  wrongRefusal,
  refusedWrite,
  wrongTimestamp,
  offsetWentBack,
  zombieCommit,
  twoOwners,
  mixedAssignments,
  wrongSubscription,
  twoHands,
  oldEpochAccepted,
  numbersWentBack,
  unsettled,
];

/** Everything that all checkers find. */
export const check = (history: History): Anomaly[] =>
  checkers.flatMap(({ name, promise, check }) =>
    check(history).map((message) => ({ checker: name, promise, message })),
  );
