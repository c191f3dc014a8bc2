import { describe, expect, test } from 'vitest';
import type { ConsumerHeartbeatBody, JoinBody, RestBody } from '../group-bodies.ts';
import { History } from '../history.ts';
import { check } from './check.ts';

const group = 'g';
const slice = 'orders/0';
const keptMs = 1_000_000;

/** Histories in a few words. Each step begins after the one before has ended, unless said otherwise. */
class Story {
  readonly history = new History();

  committing(memberId: string, generation: number, committed: bigint) {
    return this.history.invoke('member', {
      does: 'commitOffset' as const,
      group,
      memberId,
      generation,
      slice,
      committed,
    });
  }

  committed(memberId: string, generation: number, committed: bigint): this {
    this.history.ok(this.committing(memberId, generation, committed), {});
    return this;
  }

  fetched(memberId: string, generation: number, committed: bigint): this {
    const body = { does: 'fetchOffset' as const, group, memberId, generation, slice };
    this.history.ok(this.history.invoke('member', body), { committed });
    return this;
  }

  forgot(does: 'deleteOffsets' | 'deleteGroup' | 'expireOffsets'): this {
    this.history.ok(this.history.invoke('admin', { does, group, numbersKeptMs: keptMs }), {});
    return this;
  }

  joined(memberId: string, generation: number, more: Partial<JoinBody> = {}, tookMs = 0): this {
    const { subscription = 's', instanceId = null, mustEndMs } = more;
    const body = { does: 'join' as const, group, memberId, instanceId, subscription };
    const join = this.history.invoke('member', mustEndMs === undefined ? body : { ...body, mustEndMs });
    this.history.ok(join, { generation, joinedAs: memberId, members: more.members ?? [] }, tookMs);
    return this;
  }

  synced(
    memberId: string,
    generation: number,
    slices: readonly string[],
    by = 'l',
    to = memberId,
    of = generation,
  ): this {
    const body = { does: 'sync' as const, group, memberId, instanceId: null, generation };
    this.history.ok(this.history.invoke('member', body), { assigned: { by, generation: of, to, slices } });
    return this;
  }

  beat(
    memberId: string,
    epoch: number,
    owned: readonly string[] | null,
    memberEpoch: number,
    assignment: readonly string[] | null,
    more: Partial<ConsumerHeartbeatBody> = {},
  ): this {
    const body = { does: 'consumerHeartbeat' as const, group, memberId, epoch, owned, ...more };
    this.history.ok(this.history.invoke('member', body), { memberEpoch, assignment });
    return this;
  }

  atRest(wanted: RestBody['wanted'], state: string, members: NonNullable<RestBody['members']>): this {
    const operation = this.history.invoke('admin', { does: 'groupAtRest' as const, group, wanted });
    this.history.ok(operation, { state, members });
    return this;
  }
}

const found = (story: Story): string[] => [...new Set(check(story.history).map(({ checker }) => checker))];

test('a sound history of groups is not complained about', () => {
  const story = new Story()
    .joined('a', 1, { members: [{ memberId: 'a', subscription: 's' }] })
    .synced('a', 1, [slice])
    .fetched('a', 1, -1n)
    .committed('a', 1, 5n)
    .joined('b', 2)
    .synced('b', 2, [slice])
    .fetched('b', 2, 5n)
    .committed('b', 2, 6n)
    .forgot('deleteOffsets')
    .fetched('b', 2, -1n)
    .beat('k', 0, [], 3, [slice])
    .beat('k', 3, [slice], 3, [])
    .beat('k', 3, [], 4, [])
    .beat('m', 4, [], 4, [slice])
    .atRest({ members: [{ memberId: 'm', subscription: 's' }], slices: [slice] }, 'Stable', [
      { memberId: 'm', subscription: 's', slices: [slice] },
    ]);
  expect(check(story.history)).toEqual([]);
});

describe('committed offset went back', () => {
  test('is found when a fetch hears less than was acknowledged', () => {
    expect(found(new Story().committed('a', 1, 5n).fetched('b', 2, 4n))).toContain(
      'committed offset went back',
    );
  });
  test('is found when a fetch hears less than one before', () => {
    expect(found(new Story().fetched('a', 1, 5n).fetched('b', 2, 4n))).toContain(
      'committed offset went back',
    );
  });
  test('is found when the commit of a zombie lands though its outcome is unknown', () => {
    const story = new Story().committed('a', 1, 5n).fetched('b', 2, 5n).committed('b', 2, 8n);
    story.committing('a', 1, 6n);
    expect(found(story.fetched('b', 2, 6n))).toContain('committed offset went back');
  });
  test('is not found when a member overtook itself with a commit that it knows nothing of', () => {
    const story = new Story();
    story.committing('a', 1, 5n);
    expect(found(story.committed('a', 1, 6n).fetched('a', 1, 5n))).toEqual([]);
  });
  test('is not found again by those who come later and hear the same', () => {
    const story = new Story();
    story.committing('a', 1, 5n);
    story.committed('a', 1, 6n).fetched('a', 1, 5n).fetched('a', 2, 5n);
    expect(found(story.fetched('b', 3, 5n))).toEqual([]);
  });
  test('is found when a successor had looked before the commit of its predecessor landed', () => {
    const story = new Story();
    story.committing('a', 1, 5n);
    expect(found(story.fetched('b', 1, 4n).committed('b', 1, 6n).fetched('b', 1, 5n))).toContain(
      'committed offset went back',
    );
  });
  test('is not found when the offsets were deleted meanwhile, or may have been', () => {
    expect(found(new Story().committed('a', 1, 5n).forgot('deleteGroup').fetched('b', 3, -1n))).toEqual([]);
  });
});

describe('zombie commit', () => {
  test('is found when it was accepted after a newer generation had fetched', () => {
    expect(found(new Story().fetched('b', 2, 5n).committed('a', 1, 6n))).toContain('zombie commit');
  });
  test('is found when it was accepted after a newer generation had committed', () => {
    expect(found(new Story().committed('b', 2, 5n).committed('a', 1, 6n))).toContain('zombie commit');
  });
  test('is found when it was under way, and the fetch of the newer generation did not see it', () => {
    const story = new Story();
    const commit = story.committing('a', 1, 6n);
    story.fetched('b', 2, 5n);
    story.history.ok(commit, {});
    expect(found(story)).toContain('zombie commit');
  });
});

describe('two owners', () => {
  test('are found in one generation', () => {
    expect(found(new Story().synced('a', 1, [slice]).synced('b', 1, [slice]))).toContain('two owners');
  });
  test('are not found in two', () => {
    expect(found(new Story().synced('a', 1, [slice]).synced('b', 2, [slice]))).toEqual([]);
  });
});

describe('mixed assignments', () => {
  test('are found when members of one generation got parts of two', () => {
    const story = new Story().synced('a', 1, [slice], 'l 1').synced('b', 1, [], 'l 2');
    expect(found(story)).toContain('mixed assignments');
  });
  test('are found when one got what another was given', () => {
    expect(found(new Story().synced('a', 1, [slice], 'l', 'b'))).toContain('mixed assignments');
  });
  test('are found when one got what was assigned in another generation', () => {
    expect(found(new Story().synced('a', 2, [slice], 'l', 'a', 1))).toContain('mixed assignments');
  });
});

test('wrong subscription is found when the leader was told another one', () => {
  const members = [{ memberId: 'b', subscription: 'old' }];
  const story = new Story().joined('b', 1, { subscription: 'new' }).joined('a', 1, { members });
  expect(found(story)).toContain('wrong subscription');
});

describe('two hands', () => {
  const both = (): Story => new Story().beat('a', 0, [], 1, [slice]).beat('b', 0, [], 2, [slice]);
  test('are found while both are answered', () => {
    expect(found(both().beat('a', 1, [slice], 1, null).beat('b', 2, [slice], 2, null))).toContain(
      'two hands',
    );
  });
  test('are found while one was told to give it back and has not', () => {
    const story = new Story().beat('a', 0, [], 1, [slice]).beat('a', 1, [slice], 1, []);
    story.beat('b', 0, [], 2, [slice]).beat('b', 2, [slice], 2, null).beat('a', 1, [], 2, []);
    expect(found(story)).toContain('two hands');
  });
  test('are not found when the first is not heard of any more', () => {
    expect(found(both().beat('b', 2, [slice], 2, null))).toEqual([]);
  });
  test('are not found when the first gave it back', () => {
    const story = new Story().beat('a', 0, [], 1, [slice]).beat('a', 1, [], 2, []);
    expect(found(story.beat('b', 0, [], 2, [slice]).beat('a', 2, [], 2, null))).toEqual([]);
  });
});

test('old epoch accepted is found when it speaks for what was given back', () => {
  const story = new Story().beat('a', 0, [], 1, [slice]).beat('a', 1, [slice], 1, []).beat('a', 1, [], 2, []);
  expect(found(story.beat('a', 1, [slice], 2, [], { isRepeat: true }))).toContain('old epoch accepted');
});

describe('generation used again', () => {
  test('is found when it goes back', () => {
    expect(found(new Story().joined('a', 2).joined('b', 1))).toContain('generation used again');
  });
  test('is found when a deleted group had it', () => {
    const story = new Story().joined('a', 2).forgot('deleteGroup').joined('b', 2);
    expect(found(story)).toContain('generation used again');
  });
  test('is found across a change of the type', () => {
    expect(found(new Story().joined('a', 5).beat('k', 0, [], 3, []))).toContain('generation used again');
  });
  test('is not found when the numbers of the deleted group are no longer kept', () => {
    const story = new Story()
      .joined('a', 2)
      .forgot('deleteGroup')
      .joined('b', 1, {}, keptMs + 1);
    expect(found(story)).toEqual([]);
  });
});

describe('group never settles', () => {
  const wanted = { members: [{ memberId: 'a', subscription: 's' }], slices: [slice] };
  const member = { memberId: 'a', subscription: 's', slices: [slice] };
  test.each([
    ['it is not stable', 'PreparingRebalance', [member]],
    ['a member is missing', 'Stable', []],
    ['a dead member is in it', 'Stable', [member, { memberId: 'dead', subscription: 's', slices: [] }]],
    ['an old subscription stands', 'Stable', [{ ...member, subscription: 'old' }]],
    ['a partition has no owner', 'Stable', [{ ...member, slices: [] }]],
  ])('is found when %s', (_, state, members) => {
    expect(found(new Story().atRest(wanted, state, members))).toContain('group never settles');
  });
  test('is found when a join takes too long', () => {
    expect(found(new Story().joined('a', 1, { mustEndMs: 10 }, 11))).toContain('group never settles');
  });
});
