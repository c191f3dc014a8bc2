import { expect, test } from 'vitest';
import { cellOf, type Ground, newGround, openProcess, pass, TestMember, until } from './group-bench.ts';

test('who syncs through a process whose clock is behind is not expelled at the sync deadline', async () => {
  const ground = newGround();
  const nowMs = { value: () => ground.clock.nowMs() - 900 };
  const behind: Ground = { ...ground, clock: Object.create(ground.clock, { nowMs }) };
  const member = new TestMember(ground, openProcess(ground));
  const joined = await until(ground, member.join());
  const own = { memberId: member.memberId, generationId: member.generationId };
  expect((await until(ground, new TestMember(ground, openProcess(behind), own).sync(joined))).error).toBe(
    'NONE',
  );
  for (let second = 0; second < 40; second++) {
    expect(await until(ground, member.heartbeat())).toBe('NONE');
    await pass(ground, 1_000, 250);
  }
  expect(await cellOf(ground)).toMatchObject({ state: 'Stable', generation: joined.generationId });
});
