import type { Assigned, SyncBody } from '../group-bodies.ts';
import type { History, Operation } from '../history.ts';
import { isJoin, isSync } from '../history.ts';
import { type Checker, describe, few } from './checker.ts';

type Given = { readonly sync: Operation<SyncBody>; readonly assigned: Assigned };

const givenIn = (history: History): Given[] =>
  history.operations.filter(isSync).flatMap((sync) => {
    const { assigned } = sync.body;
    return sync.outcome === 'ok' && assigned !== undefined ? [{ sync, assigned }] : [];
  });

/** A static member keeps what it has when it comes back under another member id. */
const holderOf = ({ body }: Operation<SyncBody>): string => body.instanceId ?? body.memberId;

/** In one generation of a classic group a partition has two members. */
export const twoOwners: Checker = {
  name: 'two owners',
  promise: 'I11',
  check: (history) => {
    const owners = new Map<string, Operation<SyncBody>>();
    const wrong: string[] = [];
    for (const { sync, assigned } of givenIn(history)) {
      for (const slice of assigned.slices) {
        const place = `${sync.body.group} ${sync.body.generation} ${slice}`;
        const other = owners.get(place) ?? sync;
        owners.set(place, other);
        if (holderOf(other) === holderOf(sync)) continue;
        wrong.push(
          `${slice} in generation ${sync.body.generation}: ${describe(other)} and ${describe(sync)}`,
        );
      }
    }
    return few(wrong);
  },
};

/** Members of one generation were given parts of different assignments, or what was meant for another one. */
export const mixedAssignments: Checker = {
  name: 'mixed assignments',
  promise: 'I11',
  check: (history) => {
    const first = new Map<string, Given>();
    return few(
      givenIn(history).flatMap((given) => {
        const { sync, assigned } = given;
        const place = `${sync.body.group} ${sync.body.generation}`;
        const other = first.get(place) ?? given;
        first.set(place, other);
        const what = `${describe(sync)} as ${sync.body.memberId} in generation ${sync.body.generation}`;
        const { memberId, instanceId } = sync.body;
        // A static member got another id since: the id begins with that of the instance.
        const isOwn =
          instanceId === null ? assigned.to === memberId : assigned.to.startsWith(`${instanceId}-`);
        if (assigned.generation !== sync.body.generation)
          return [`${what} got one of ${assigned.generation}`];
        if (!isOwn) return [`${what} got that of ${assigned.to}`];
        return other.assigned.by === assigned.by
          ? []
          : [`${what}: by ${assigned.by}, and by ${other.assigned.by}`];
      }),
    );
  },
};

/** A leader was told another subscription than the one that the member was answered in that generation. */
export const wrongSubscription: Checker = {
  name: 'wrong subscription',
  promise: 'I5',
  check: (history) => {
    const joins = history.operations.filter(isJoin).filter(({ outcome }) => outcome === 'ok');
    const said = new Map(
      joins.map((join) => [`${join.body.group} ${join.body.generation} ${join.body.joinedAs}`, join]),
    );
    return few(
      joins.flatMap((leader) =>
        (leader.body.members ?? []).flatMap(({ memberId, subscription }) => {
          const join = said.get(`${leader.body.group} ${leader.body.generation} ${memberId}`);
          if (join === undefined || join.body.subscription === subscription) return [];
          const what = `${describe(leader)} was told ${subscription} of ${memberId}`;
          return [
            `${what} in generation ${leader.body.generation}, ${describe(join)} said ${join.body.subscription}`,
          ];
        }),
      ),
    );
  },
};
