import type { ForgetBody } from '../group-bodies.ts';
import type { Operation } from '../history.ts';
import { isConsumerHeartbeat, isForgetting, isJoin } from '../history.ts';
import { type Checker, describe, few } from './checker.ts';

type Seen = { readonly operation: Operation; readonly number: number };

/** A generation is lower than one before, or one from before the group was deleted comes again. */
export const numbersWentBack: Checker = {
  name: 'generation used again',
  promise: 'I5',
  check: (history) => {
    const joins = history.operations
      .filter((operation) => operation.outcome === 'ok')
      .flatMap((operation): Seen[] => {
        if (isJoin(operation)) return [{ operation, number: operation.body.generation ?? 0 }];
        const isFirst =
          isConsumerHeartbeat(operation) && operation.body.epoch === 0 && !operation.body.isRepeat;
        return isFirst ? [{ operation, number: operation.body.memberEpoch ?? 0 }] : [];
      });
    const deletions = history.operations
      .filter(isForgetting)
      .filter(({ body, outcome }) => body.does === 'deleteGroup' && outcome === 'ok');
    const keptMs = Math.min(...history.operations.filter(isForgetting).map(({ body }) => body.numbersKeptMs));
    return few(joins.flatMap((later) => wrongAfter(joins, deletions, keptMs, later)));
  },
};

function wrongAfter(
  joins: readonly Seen[],
  deletions: readonly Operation<ForgetBody>[],
  keptMs: number,
  { operation, number }: Seen,
): string[] {
  const earlier = joins.find((join) => {
    if (join.operation.completedAt >= operation.invokedAt || join.number < number) return false;
    // The numbers of a deleted group are kept for a time only.
    if (operation.completedMs - join.operation.completedMs >= keptMs) return false;
    if (join.number > number) return true;
    return deletions.some(
      ({ invokedAt, completedAt }) =>
        join.operation.completedAt < invokedAt && completedAt < operation.invokedAt,
    );
  });
  if (earlier === undefined) return [];
  return [`${describe(operation)} got ${number}, ${describe(earlier.operation)} before it ${earlier.number}`];
}
