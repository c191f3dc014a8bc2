import { expect } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { planned } from './records.ts';
import type { Stand } from './stand.ts';

/** Where a client begins to read. */
export function describeReading({ results, stage }: Stand): void {
  results.test('seek', 'a consumer that seeks reads from there', async () => {
    const topic = await stage().topic(1);
    const plan = { prefix: 'sought', count: 120 };
    await stage().produce(topic, plan);
    const seen = await stage().consume(topic, 5, { partition: 0, offset: 77 });
    expect(seen.map(({ offset }) => offset)).toEqual([77, 78, 79, 80, 81]);
    const expected = planned(plan).slice(77, 82);
    expect(seen.map(({ value }) => value)).toEqual(expected.map(({ value }) => value));
  });

  results.test('offset-for-time', 'the first offset at or after a time, or none', async () => {
    const topic = await stage().topic(1);
    const timeMs = systemClock.nowMs() - 3_600_000; // retention takes what is a week old
    await stage().produce(topic, { prefix: 'timed', count: 20, timeMs });
    for (const [sinceFirstMs, offset] of [
      [-5_000, 0],
      [7_000, 7],
      [7_001, 8],
      [19_000, 19],
    ] as const) {
      const program = stage().run('offset-for-time', { topic, partition: 0, time: timeMs + sinceFirstMs });
      expect((await program.finish()).lines).toEqual([{ offset }]);
    }
    const after = stage().run('offset-for-time', { topic, partition: 0, time: timeMs + 60_000 });
    // Some clients turn none into the end.
    expect([-1, 20]).toContain((await after.finish()).lines[0]?.offset);
  });
}
