import type { RestBody } from '../group-bodies.ts';
import type { Operation } from '../history.ts';
import { isAtRest, isJoin } from '../history.ts';
import { type Checker, describe, few } from './checker.ts';

/** Nothing goes wrong any more, and yet the members do not meet. */
export const unsettled: Checker = {
  name: 'group never settles',
  promise: 'I5',
  check: (history) => [
    ...few(
      history.operations.filter(isJoin).flatMap((join) => {
        const { mustEndMs } = join.body;
        if (mustEndMs === undefined || join.completedMs - join.invokedMs <= mustEndMs) return [];
        const took = Math.round(join.completedMs - join.invokedMs);
        return [
          `${describe(join)} as ${join.body.memberId} took ${took} of ${mustEndMs} ms (${join.error ?? 'ok'})`,
        ];
      }),
    ),
    ...history.operations.filter(isAtRest).flatMap(wrongAtRest),
  ],
};

function wrongAtRest(rest: Operation<RestBody>): string[] {
  const { wanted, members = [], state } = rest.body;
  if (rest.outcome !== 'ok') return [`${describe(rest)} failed: ${rest.error}`];
  const wrong: string[] = [];
  if (wanted.members.length > 0 && state !== 'Stable') wrong.push(`it is ${state}`);
  for (const { memberId, subscription } of wanted.members) {
    const found = members.find((member) => member.memberId === memberId);
    if (found === undefined) wrong.push(`${memberId} is not in it`);
    else if (found.subscription !== subscription) {
      wrong.push(`${memberId} subscribes to ${found.subscription} instead of ${subscription}`);
    }
  }
  for (const { memberId } of members) {
    if (!wanted.members.some((member) => member.memberId === memberId)) wrong.push(`${memberId} is in it`);
  }
  for (const slice of wanted.slices) {
    const owners = members.filter(({ slices }) => slices.includes(slice)).length;
    if (owners !== 1 && wanted.members.length > 0) wrong.push(`${slice} has ${owners} owners`);
  }
  return few(wrong).map((what) => `${describe(rest)}: ${what}`);
}
