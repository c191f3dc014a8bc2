import type { Mutant } from './mutant.ts';

const join = 'shared/groups/join-group.ts';
const updates = 'shared/groups/offset-updates.ts';
const consumers = 'shared/groups/consumer-reconcile.ts';
const cell = 'shared/groups/stored-cell.ts';

/** The seven of the model of classic groups, and what the new protocol and the store add. */
export const groupMutants: readonly Mutant[] = [
  {
    name: 'fence not raised by the reader',
    theme: 'commits',
    promise: 'I5',
    why: 'a commit that was checked before a rebalance lands after the new owner has fetched',
    patches: [{ file: updates, find: 'if (fence === 0n) return item;', replace: 'return item;' }],
  },
  {
    name: 'fence not raised by a static replacement',
    theme: 'commits',
    promise: 'I5',
    why: 'the commit of the replaced member lands after its successor has fetched, in the same generation',
    patches: [
      {
        file: 'shared/groups/classic-join.ts',
        find: '    fence: cell.fence + 1n,\n    leader,',
        replace: '    leader,',
      },
    ],
  },
  {
    name: 'commit without a condition',
    theme: 'commits',
    promise: 'I5',
    why: 'a zombie writes over what its successor committed',
    patches: [
      {
        file: updates,
        find: "    conditions.push(any(absent(['fence', name]), isAtMost(['fence', name], fence)));\n",
        replace: '',
      },
    ],
  },
  {
    name: 'lost commit written again with the old fence',
    theme: 'commits',
    promise: 'I5',
    why: 'the lost write lands behind a later commit that was acknowledged',
    patches: [
      {
        file: 'shared/groups/commit-offsets.ts',
        find: "    await room.cells.fold(groupId, [{ kind: 'raiseFence', above: verdict.fence }]);\n",
        replace: '',
      },
    ],
  },
  {
    name: 'cell written blindly',
    theme: 'groups',
    promise: 'I11',
    why: 'two processes decide at once, and one forgets what the other has answered',
    patches: [
      {
        file: cell,
        find: "const condition = seen === 0n ? absent(['v']) : equals(['v'], seen);",
        replace: 'const condition = undefined;',
      },
    ],
  },
  {
    name: 'metadata compared with what is staged',
    theme: 'groups',
    promise: 'I5',
    why: 'a process dies between staging and the cell: the change is no news to anybody any more',
    patches: [
      {
        file: join,
        find: '  await putSubscription(room.context, groupId, id, subscriptionOf(request));\n',
        replace: `  const staged = \`sub#\${id}#\${joining.event.subscription}\`;
  const before = await send(room.context, () =>
    room.context.metadata.query({ pk: \`g#\${groupId}\`, from: staged, through: staged }),
  );
  Object.assign(joining.event, { isOld: before.items.length > 0 });
  await putSubscription(room.context, groupId, id, subscriptionOf(request));
`,
      },
      {
        file: 'shared/groups/classic-join.ts',
        find: 'const hasChanged = event.subscription !== known.subscription;',
        replace: 'const hasChanged = !event.isOld && event.subscription !== known.subscription;',
      },
    ],
  },
  {
    name: 'parked joins do not enter the next round',
    theme: 'groups',
    promise: 'I5',
    why: 'a round completes and the next one opens while the join sleeps: it waits for ever',
    patches: [
      {
        file: 'shared/groups/classic-look.ts',
        find: "return found.member.joined ? wait : { is: 'again' };",
        replace: 'return wait;',
      },
    ],
  },
  {
    name: 'any request of a member wins',
    theme: 'groups',
    promise: 'I5',
    why: 'an old JoinGroup that slept brings its subscription back into the round',
    patches: [
      {
        file: 'shared/groups/classic-join.ts',
        find: 'if (replaced !== undefined && event.requestId < replaced.requestId) {',
        replace: 'if (false) {',
      },
      {
        file: 'shared/groups/classic-look.ts',
        find: "  if (found.member.requestId > who.requestId) return refusal('NOT_COORDINATOR');\n",
        replace: '',
      },
    ],
  },
  {
    name: 'second assignment of a generation taken',
    theme: 'groups',
    promise: 'I11',
    why: 'a leader that retries gives a partition to another member, while the first one works',
    patches: [
      {
        file: 'shared/groups/classic-group.ts',
        find: "if (verdict.is !== 'store') return { cell, answer: done };",
        replace: 'if (cell.leader !== event.memberId) return { cell, answer: done };',
      },
    ],
  },
  {
    name: 'dead members stay',
    theme: 'groups',
    promise: 'I5',
    why: 'nobody expels who is silent for a session',
    patches: [
      {
        file: 'shared/groups/gather.ts',
        find: '.filter((memberId) => (leases.get(memberId)?.untilMs ?? 0) <= nowMs);',
        replace: '.filter((memberId) => (leases.get(memberId)?.untilMs ?? 0) < 0);',
      },
    ],
  },
  {
    name: 'synced only where the lease gets longer',
    theme: 'groups',
    promise: 'I5',
    why: 'clocks differ by less than a second: who synced is expelled at the sync deadline, again and again',
    patches: [
      {
        file: 'shared/groups/leases.ts',
        find: '      await tryWrite(this.context.metadata.update(key, { changes: marks, condition }));\n',
        replace: '',
      },
    ],
  },
  {
    name: 'deleted group begins at zero',
    theme: 'commits',
    promise: 'I5',
    why: 'a late commit from before the deletion fits the new group',
    patches: [
      {
        file: 'shared/groups/decide-group.ts',
        find: 'generation: generation + 1, fence: fence + 1n, emptySinceMs: nowMs };',
        replace: 'generation: 0, fence: 0n, emptySinceMs: nowMs };',
      },
    ],
  },
  {
    name: 'partition taken from under its owner',
    theme: 'consumers',
    promise: 'I11',
    why: 'a member takes its target though another one has not given it back',
    patches: [
      {
        file: consumers,
        find: 'minus(minus(member.target, keeps), heldByOthers(cell, member))',
        replace: 'minus(member.target, keeps)',
      },
    ],
  },
  {
    name: 'partition taken while it is given back',
    theme: 'consumers',
    promise: 'I11',
    why: 'what a member was told to give back it still has until it says so',
    patches: [
      {
        file: consumers,
        find: '[withoutEpochs(other.assigned), other.pendingRevocation]',
        replace: '[withoutEpochs(other.assigned)]',
      },
    ],
  },
  {
    name: 'no wait for what is given back',
    theme: 'consumers',
    promise: 'I11',
    why: 'the next owner takes it before the owner has heard that it goes',
    patches: [
      {
        file: consumers,
        find: 'const isOwned = leaves.size > 0 && (owned === null || common(leaves, owned).size > 0);',
        replace: 'const isOwned = false;',
      },
    ],
  },
  {
    name: 'silence about what is owned taken as nothing',
    theme: 'consumers',
    promise: 'I11',
    why: 'a heartbeat that says nothing new does not say that the partition is free',
    patches: [
      {
        file: consumers,
        find: '(owned === null || common(leaves, owned).size > 0)',
        replace: 'owned !== null && common(leaves, owned).size > 0',
      },
    ],
  },
  {
    name: 'previous epoch taken whatever is owned',
    theme: 'consumers',
    promise: 'I11',
    why: 'an old heartbeat speaks for partitions that its member has given back',
    patches: [
      {
        file: 'shared/groups/consumer-admit.ts',
        find: "return isConsistent || event.mayBeFolded ? undefined : 'FENCED_MEMBER_EPOCH';",
        replace: 'return undefined;',
      },
    ],
  },
  {
    name: 'fence not raised when partitions leave',
    theme: 'commits',
    promise: 'I5',
    why: 'a commit on its way when its member gave the partition back lands after the next owner has fetched',
    patches: [
      {
        file: consumers,
        find: 'fence: leaves.size > 0 && !isOwned ? cell.fence + 1n : cell.fence,',
        replace: 'fence: cell.fence,',
      },
    ],
  },
  {
    name: 'new partitions are no news',
    theme: 'consumers',
    promise: 'I5',
    why: 'a subscribed topic grows, and nobody ever reads what is new',
    patches: [
      {
        file: 'shared/groups/consumer-group.ts',
        find: 'const isBumped = isNews || topicsHash !== cell.topicsHash;',
        replace: 'const isBumped = isNews;',
      },
    ],
  },
];
