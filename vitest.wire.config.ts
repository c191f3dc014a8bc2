import { defineConfig } from 'vitest/config';

/** Our messages against those of Kafka's Java client, which Maven brings: `npm run test:wire`. */
export default defineConfig({
  test: {
    include: ['test/wire/kafka-clients/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    testTimeout: 120_000,
  },
});
