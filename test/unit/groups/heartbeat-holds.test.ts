import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../../shared/base/clock.ts';
import type { HeartbeatRequest, HeartbeatResponse } from '../../../shared/groups/api.ts';
import { mayStandMs } from '../../../shared/groups/heartbeat.ts';
import { HeartbeatHolds } from '../../../shared/groups/heartbeat-holds.ts';
import type { KafkaErrorName } from '../../../shared/kafka/error-codes.ts';

const minute = 60_000;
const member: HeartbeatRequest = { groupId: 'g', memberId: 'a', generationId: 3, groupInstanceId: 'i' };
const all = (mayStandFor = minute): HeartbeatResponse => ({ error: 'NONE', mayStandMs: mayStandFor });

/** Holds before a store that says what a test wants, and counts. */
function stand(holdMs: number) {
  const clock = new ManualClock();
  const holds = new HeartbeatHolds(clock, holdMs);
  let asked = 0;
  const beat = async (
    changes: Partial<HeartbeatRequest> = {},
    answer: HeartbeatResponse | Promise<HeartbeatResponse> = all(),
  ): Promise<KafkaErrorName | 'held'> => {
    const ask = async (): Promise<HeartbeatResponse> => {
      asked++;
      return answer;
    };
    const heard = await holds.heartbeat({ ...member, ...changes }, ask, (given) => given);
    return heard === 'held' ? heard : heard.error;
  };
  return { clock, holds, beat, asked: () => asked };
}

/** An answer that a test lets come when it likes. */
function pending() {
  let come: (answer: HeartbeatResponse) => void = () => {};
  const answer = new Promise<HeartbeatResponse>((resolve) => {
    come = resolve;
  });
  return { answer, come: (given = all()): void => come(given) };
}

describe('NONE is held', () => {
  test('for the hold, from when it was asked for', async () => {
    const { clock, beat } = stand(10_000);
    const late = pending();
    const first = beat({}, late.answer);
    clock.advance(4_000);
    late.come();
    expect(await first).toBe('NONE');
    clock.advance(5_999);
    expect(await beat()).toBe('held');
    clock.advance(1);
    expect(await beat()).toBe('NONE');
  });

  test('for no longer than the store allows', async () => {
    const { clock, beat } = stand(10_000);
    await beat({}, all(1_000));
    clock.advance(999);
    expect(await beat()).toBe('held');
    clock.advance(1);
    expect(await beat({}, all(0))).toBe('NONE');
    expect(await beat()).toBe('NONE');
  });

  test('never where the hold is 0', async () => {
    const { beat, holds, asked } = stand(0);
    for (let beats = 0; beats < 3; beats++) await beat();
    expect([asked(), holds.size]).toEqual([3, 0]);
  });

  test.each([
    ['another member', { memberId: 'b' }],
    ['another generation', { generationId: 2 }],
    ['another instance', { groupInstanceId: null }],
    ['another group', { groupId: 'h' }],
  ])('not for %s', async (_, changes) => {
    const { beat } = stand(10_000);
    await beat();
    expect(await beat(changes, all(0))).toBe('NONE');
    expect(await beat()).toBe('held');
  });

  test('not by a clock that was set back', async () => {
    const { clock, beat } = stand(10_000);
    await beat();
    clock.advance(-minute);
    expect(await beat()).toBe('NONE');
  });
});

describe('a hold ends for the whole group', () => {
  test.each<KafkaErrorName>([
    'REBALANCE_IN_PROGRESS',
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'FENCED_INSTANCE_ID',
  ])('when another member hears %s', async (error) => {
    const { beat } = stand(10_000);
    await beat();
    await beat({ memberId: 'b' }, { error, mayStandMs: 0 });
    expect(await beat()).toBe('NONE');
  });

  test('not when the store did not answer another member: that says nothing of the group', async () => {
    const { beat } = stand(10_000);
    await beat();
    await beat({ memberId: 'b' }, { error: 'NOT_COORDINATOR', mayStandMs: 0 });
    expect(await beat()).toBe('held');
  });

  test('when a commit is refused, not when a partition does not exist', async () => {
    const { beat, holds } = stand(10_000);
    await beat();
    holds.heard('g', ['NONE', 'UNKNOWN_TOPIC_OR_PARTITION']);
    expect(await beat()).toBe('held');
    holds.heard('g', ['NONE', 'ILLEGAL_GENERATION']);
    expect(await beat()).toBe('NONE');
  });

  test('when a change of it begins, and none begins before that change has ended', async () => {
    const { beat, holds } = stand(minute);
    await beat();
    const changes = [pending(), pending()];
    const changing = changes.map(({ answer }) => holds.during(['g'], () => answer));
    expect([await beat(), await beat()]).toEqual(['NONE', 'NONE']);
    changes[0]?.come();
    await changing[0];
    expect([await beat(), await beat()]).toEqual(['NONE', 'NONE']);
    changes[1]?.come();
    await changing[1];
    expect([await beat(), await beat()]).toEqual(['NONE', 'held']);
  });

  test('also before the answer of one under way comes', async () => {
    const { beat, holds } = stand(minute);
    const ends: readonly (() => unknown)[] = [
      () => holds.during(['g'], async () => {}),
      () => holds.heard('g', ['FENCED_INSTANCE_ID']),
    ];
    for (const end of ends) {
      const late = pending();
      const first = beat({}, late.answer);
      await end();
      late.come();
      expect(await first).toBe('NONE');
      expect(await beat({}, all(0))).toBe('NONE');
    }
    const during = pending();
    const changing = holds.during(['g'], () => during.answer);
    const late = pending();
    const begun = beat({}, late.answer);
    during.come();
    await changing;
    late.come();
    await begun;
    expect(await beat()).toBe('NONE');
  });

  test('when its change fails', async () => {
    const { beat, holds } = stand(minute);
    const failing = holds.during(['g'], () => Promise.reject(new Error('a bug')));
    await expect(failing).rejects.toThrow('a bug');
    expect([await beat(), await beat()]).toEqual(['NONE', 'held']);
  });
});

describe('what is remembered', () => {
  test('leaves when it has run out, whoever goes on', async () => {
    const { clock, beat, holds } = stand(10_000);
    for (let at = 0; at < 50; at++) await beat({ groupId: `g${at % 5}`, memberId: `m${at}` });
    expect(holds.size).toBe(50);
    clock.advance(10_000);
    await beat({ groupId: 'g0', memberId: 'alive' });
    expect(holds.size).toBe(1);
  });

  test('has a limit, at which the groups that were silent longest are forgotten', async () => {
    const { beat, holds } = stand(minute);
    for (let at = 0; at <= 20_000; at++) {
      await beat({ groupId: `g${Math.floor(at / 100)}`, memberId: `m${at}` });
      if (at % 1_000 === 999) await beat({ groupId: 'g0', memberId: 'm0', generationId: at });
    }
    expect(holds.size).toBeLessThanOrEqual(20_000);
    expect(holds.size).toBeGreaterThan(19_000);
    expect(await beat({ groupId: 'g0', memberId: 'm1' })).toBe('held');
    expect(await beat({ groupId: 'g1', memberId: 'm101' })).toBe('NONE');
  });

  test('is nothing of those who hear errors, or find the store failing', async () => {
    const { beat, holds } = stand(minute);
    await beat({}, { error: 'UNKNOWN_MEMBER_ID', mayStandMs: 0 });
    const failing = holds.heartbeat(
      member,
      () => Promise.reject(new Error('a bug')),
      () => all(),
    );
    await expect(failing).rejects.toThrow('a bug');
    expect(holds.size).toBe(0);
  });
});

describe('what the store allows', () => {
  const row = (sessionTimeoutMs: number, rebalanceTimeoutMs: number, notDueMs: number, most: number) =>
    [sessionTimeoutMs, rebalanceTimeoutMs, notDueMs, most] as const;
  test.each([
    row(72_000, 300_000, 24_000, 12_000),
    row(45_000, 300_000, 15_000, 7_500),
    row(45_000, 300_000, 6_000, 6_000),
    row(45_000, 6_000, 15_000, 1_000),
    row(45_000, 300_000, 0, 0),
    row(10_000, 10_000, 3_333.4, 1_666),
  ])('session %d, rebalance timeout %d, not due for %d: %d', (session, rebalance, notDue, most) => {
    expect(mayStandMs({ sessionTimeoutMs: session, rebalanceTimeoutMs: rebalance }, notDue)).toBe(most);
  });
});
