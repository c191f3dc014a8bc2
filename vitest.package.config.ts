import { defineConfig } from 'vitest/config';

/**
 * The npm package as its users get it: `npm run test:package`. Packs, installs and builds, so it takes a
 * while.
 */
export default defineConfig({
  test: {
    include: ['test/package/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    testTimeout: 120_000,
    hookTimeout: 300_000,
  },
});
