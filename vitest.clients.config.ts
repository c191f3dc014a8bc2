import { defineConfig } from 'vitest/config';

/** Unmodified Kafka clients against a running broker: `npm run test:clients`. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 150_000,
    hookTimeout: 120_000,
  },
});
