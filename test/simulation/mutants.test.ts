import { describe, expect, test } from 'vitest';
import { patched } from './bundle.ts';
import { mutants } from './mutants.ts';

describe('the mutants', () => {
  test.each(mutants)('$name still finds the text that it breaks', async (mutant) => {
    expect((await patched(mutant)).size).toBeGreaterThan(0);
  });
  test('have names of their own', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });
});
