import { describe, expect, test } from 'vitest';
import { run } from './run.ts';

/** So many seeds run in `npm test`; `.ci/run` and `npm run sim` take others, and more. */
const seedsInTest = 48;

describe('the simulation', () => {
  test('does exactly the same again for the same seed', async () => {
    for (const seed of [7, 8, 9, 13, 14, 15]) {
      const [first, second] = [await run(seed), await run(seed)];
      expect(second.hash).toBe(first.hash);
      expect(second.events).toBe(first.events);
      expect(second.history.operations.length).toBe(first.history.operations.length);
    }
  });

  test('does something else for another seed', async () => {
    expect((await run(7)).hash).not.toBe((await run(8)).hash);
  });

  test(`keeps all promises on ${seedsInTest} seeds, and does everything in them`, {
    timeout: 120_000,
  }, async () => {
    const seen = new Map<string, number>();
    for (let seed = 1; seed <= seedsInTest; seed++) {
      // So few seeds do not delete a topic for sure: the last ones are about nothing else.
      const isOfTopics = seed > seedsInTest - 8;
      const { anomalies, history } = await run(seed, isOfTopics ? { theme: 'topics' } : {});
      const theme = isOfTopics ? ' --theme topics' : '';
      const replay = `replay with: npm run sim -- --seed ${seed} --runs 1 --trace${theme}`;
      expect(anomalies, replay).toEqual([]);
      for (const { body, outcome } of history.operations) {
        const what = `${body.does} ${outcome}`;
        seen.set(what, (seen.get(what) ?? 0) + 1);
      }
    }
    for (const what of ['append fail', 'append unknown', 'read ok', 'deleteTopic ok', 'addPartitions ok']) {
      expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    }
    const ofGroups = [
      'join ok',
      'join fail',
      'sync ok',
      'commitOffset ok',
      'consumerHeartbeat ok',
      'groupAtRest ok',
    ];
    for (const what of ofGroups) expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
    expect(seen.get('append ok')).toBeGreaterThan(1_000);
  });
});
