import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/aws/**',
      'test/clients/**',
      'test/engines/**',
      'test/gateway/**',
      'test/wire/kafka-clients/**',
      'test/package/**',
      'node_modules/**',
    ],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1), // of two cores, both
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
