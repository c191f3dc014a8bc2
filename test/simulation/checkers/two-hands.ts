import type { ConsumerHeartbeatBody, Slice } from '../group-bodies.ts';
import type { History, Operation } from '../history.ts';
import { isConsumerHeartbeat } from '../history.ts';
import { type Checker, describe, few, memberOf } from './checker.ts';

type Beat = Operation<ConsumerHeartbeatBody>;

/** A time in which the group surely counts the partition as the member's. */
type Hold = {
  readonly memberId: string;
  readonly slice: Slice;
  readonly from: Beat;
  /** The last heartbeat that was accepted before, or in which, the member gave it back. */
  to: Beat;
};

/** Two members of a KIP-848 group have one partition at one time. */
export const twoHands: Checker = {
  name: 'two hands',
  promise: 'I11',
  check: (history) => {
    const holds = holdsIn(history);
    const wrong: string[] = [];
    holds.forEach((one, place) => {
      for (const other of holds.slice(place + 1)) {
        if (one.slice !== other.slice || one.memberId === other.memberId) continue;
        const overlap =
          one.from.completedAt < other.to.invokedAt && other.from.completedAt < one.to.invokedAt;
        if (overlap) wrong.push(`${one.slice}: ${said(one)}; ${said(other)}`);
      }
    });
    return few(wrong);
  },
};

const said = ({ memberId, from, to }: Hold): string =>
  `${memberId.slice(-20)} from ${describe(from)} to ${describe(to)}`;

/** One member after another: its heartbeats follow on each other. */
function holdsIn(history: History): Hold[] {
  const byMember = new Map<string, Set<Beat>>();
  for (const beat of history.operations.filter(isConsumerHeartbeat)) {
    if (beat.body.memberId !== '') memberOf(byMember, beat.body.memberId).add(beat);
  }
  return [...byMember.values()].flatMap((own) => {
    const beats = [...own];
    return holdsOf(beats.filter(({ body }) => !body.isRepeat)).filter((hold) => isSure(hold, beats));
  });
}

/** No other heartbeat of the member, come late, may have said meanwhile that it has nothing of it. */
const isSure = ({ from, to, slice }: Hold, beats: readonly Beat[]): boolean =>
  !beats.some(
    (beat) =>
      beat !== from &&
      beat !== to &&
      beat.invokedAt < to.completedAt &&
      beat.completedAt > from.invokedAt &&
      beat.body.owned !== null &&
      !beat.body.owned.includes(slice),
  );

function holdsOf(beats: readonly Beat[]): Hold[] {
  const all: Hold[] = [];
  const open = new Map<Slice, Hold>();
  for (const beat of beats) {
    const { owned, epoch, assignment, memberId } = beat.body;
    // Begins again, leaves, or is not heard of any more.
    if (epoch <= 0 || (beat.outcome === 'fail' && epoch > 0)) open.clear();
    if (beat.outcome !== 'ok' || epoch < 0) {
      // It may have been folded: then what it does not own any more was given back in it.
      for (const slice of open.keys()) if (owned !== null && !owned.includes(slice)) open.delete(slice);
      continue;
    }
    for (const [slice, hold] of open) {
      hold.to = beat;
      if (owned !== null && !owned.includes(slice)) open.delete(slice);
    }
    for (const slice of assignment ?? []) {
      if (open.has(slice)) continue;
      const hold = { memberId, slice, from: beat, to: beat };
      open.set(slice, hold);
      all.push(hold);
    }
  }
  return all;
}

/** An epoch that the member had left behind was accepted from somebody who owned what had been given back. */
export const oldEpochAccepted: Checker = {
  name: 'old epoch accepted',
  promise: 'I11',
  check: (history) => {
    const beats = history.operations.filter(isConsumerHeartbeat).filter(({ outcome }) => outcome === 'ok');
    return few(beats.flatMap((beat) => (beat.body.epoch > 0 ? claims(beats, beat) : [])));
  },
};

function claims(beats: readonly Beat[], beat: Beat): string[] {
  const { memberId, epoch, owned } = beat.body;
  const own = beats.filter(({ body }) => body.memberId === memberId);
  const newer = own.find(
    ({ body, completedAt }) =>
      completedAt < beat.invokedAt && (body.memberEpoch ?? 0) > epoch && body.epoch > 0,
  );
  if (newer === undefined || owned === null) return [];
  const mayHave = new Set(
    own
      .filter(({ completedAt }) => completedAt >= newer.invokedAt)
      .flatMap(({ body }) => [...(body.assignment ?? []), ...(body === beat.body ? [] : (body.owned ?? []))]),
  );
  const extra = owned.filter((slice) => !mayHave.has(slice));
  if (extra.length === 0) return [];
  return [`${describe(beat)} with epoch ${epoch} owned ${extra.join(', ')}, after ${describe(newer)}`];
}
