import { expect, test } from 'vitest';
import { ways } from './one-fault.ts';
import { perform, type Scenario } from './stage.ts';

/** More store calls than any operation makes; beyond it something does not end. */
const callsMax = 200;

/**
 * A test for each way in which a call can go wrong: the first call of the operation, then the second, and so
 * on, until the operation is over before its turn comes. After each, all promises must hold.
 */
export function failsAtEveryCall(scenario: Scenario): void {
  test.each(ways)(`${scenario.name}: any call may be %s`, async (way) => {
    for (let number = 1; ; number++) {
      expect(number, 'the operation ends').toBeLessThan(callsMax);
      const { calls, problems } = await perform(scenario, number, way);
      expect(problems, `call ${number} of ${calls}`).toEqual([]);
      if (calls < number) {
        expect(calls, 'the operation calls the store').toBeGreaterThan(0);
        return;
      }
    }
  });
}
