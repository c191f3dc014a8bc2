import type { CommitBody, FetchBody, Slice } from '../group-bodies.ts';
import type { History, Operation } from '../history.ts';
import { isCommit, isFetch, isForgetting } from '../history.ts';
import { type Checker, describe, few } from './checker.ts';

type Commit = Operation<CommitBody>;
type Fetch = Operation<FetchBody>;

/** What the history says of the committed offsets of one partition. Members commit ever higher ones. */
type SliceView = {
  readonly slice: Slice;
  readonly commits: readonly Commit[];
  readonly accepted: readonly Commit[];
  readonly fetches: readonly Fetch[];
  /** Whether offsets may have been let go at some time between these two. */
  readonly mayBeForgotten: (from: Operation, to: Operation) => boolean;
};

function viewsOf(history: History): SliceView[] {
  const commits = history.operations.filter(isCommit);
  const fetches = history.operations.filter(isFetch).filter(({ outcome }) => outcome === 'ok');
  const forgotten = history.operations.filter(isForgetting).filter(({ outcome }) => outcome !== 'fail');
  const slices = [...new Set([...commits, ...fetches].map(({ body }) => body.slice))];
  const mayBeForgotten = (from: Operation, to: Operation): boolean =>
    forgotten.some(
      ({ invokedAt, completedAt }) => invokedAt < to.completedAt && completedAt > from.invokedAt,
    );
  return slices.map((slice) => {
    const own = commits.filter(({ body }) => body.slice === slice);
    return {
      slice,
      commits: own,
      accepted: own.filter(({ outcome }) => outcome === 'ok'),
      fetches: fetches.filter(({ body }) => body.slice === slice),
      mayBeForgotten,
    };
  });
}

const offsetOf = ({ body }: Commit | Fetch): bigint => body.committed ?? -1n;

const isSameOwner = (a: Commit | Fetch, b: Commit | Fetch): boolean =>
  a.body.memberId === b.body.memberId && a.body.generation === b.body.generation;

/** Whoever goes on from the committed offset hears an older one than was committed, or heard, before. */
export const offsetWentBack: Checker = {
  name: 'committed offset went back',
  promise: 'I5',
  check: (history) =>
    viewsOf(history).flatMap((view) => few(view.fetches.flatMap((fetch) => wentBack(view, fetch)))),
};

function wentBack(view: SliceView, fetch: Fetch): string[] {
  const known = [...view.accepted, ...view.fetches].filter(
    (earlier) => earlier.completedAt < fetch.invokedAt && offsetOf(earlier) > offsetOf(fetch),
  );
  const wrong = known.find(
    (earlier) => !view.mayBeForgotten(earlier, fetch) && !isExplained(view, earlier, fetch),
  );
  if (wrong === undefined) return [];
  const before = `${describe(wrong)} before it ${offsetOf(wrong)}`;
  return [
    `${view.slice}: ${describe(fetch)} in ${who(fetch)} heard ${offsetOf(fetch)}, ${before} in ${who(wrong)}`,
  ];
}

const who = ({ body }: Commit | Fetch): string => `generation ${body.generation} as ${body.memberId}`;

/**
 * A member that does not know what became of a commit, and commits again, may be overtaken by itself: then
 * the older offset stands, until somebody else has looked.
 */
function isExplained({ commits, fetches }: SliceView, known: Commit | Fetch, fetch: Fetch): boolean {
  const late = commits.filter(
    (commit) =>
      offsetOf(commit) === offsetOf(fetch) &&
      commit.completedAt > known.invokedAt &&
      commit.outcome !== 'fail',
  );
  // Who heard just this came after the late commit, and says nothing against it.
  const looked = fetches.filter(
    (other) => other.completedAt < fetch.invokedAt && offsetOf(other) !== offsetOf(fetch),
  );
  return late.some((commit) => {
    const generationMax = Math.max(...[known, ...looked].map(({ body }) => body.generation));
    const hasSuccessor = looked.some(
      (other) =>
        !isSameOwner(other, commit) &&
        (other.body.generation > commit.body.generation || other.invokedAt > commit.invokedAt),
    );
    return commit.body.generation >= generationMax && !hasSuccessor;
  });
}

/** A commit was accepted though a newer generation had committed, or had heard where to go on. */
export const zombieCommit: Checker = {
  name: 'zombie commit',
  promise: 'I5',
  check: (history) =>
    viewsOf(history).flatMap((view) => few(view.accepted.flatMap((commit) => overtaken(view, commit)))),
};

function overtaken(view: SliceView, commit: Commit): string[] {
  const isNewer = ({ body }: Commit | Fetch): boolean =>
    body.generation > commit.body.generation && body.memberId !== commit.body.memberId;
  const newer = [...view.fetches, ...view.accepted].filter(isNewer);
  const before = newer.find(({ completedAt }) => completedAt < commit.invokedAt);
  // One that was under way: it was written before the fetch, which then saw it, or not at all.
  const blind = view.fetches.find(
    (fetch) =>
      isNewer(fetch) &&
      offsetOf(fetch) < offsetOf(commit) &&
      !view.mayBeForgotten(commit, fetch) &&
      !isExplained(view, commit, fetch),
  );
  const wrong = [before, blind].find(
    (operation) => operation !== undefined && !view.mayBeForgotten(commit, operation),
  );
  if (wrong === undefined) return [];
  return [
    `${view.slice}: ${describe(commit)} of ${offsetOf(commit)} in ${who(commit)} was accepted, but ${describe(wrong)} in ${who(wrong)} had ${offsetOf(wrong)}`,
  ];
}
