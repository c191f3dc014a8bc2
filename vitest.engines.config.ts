import { defineConfig } from 'vitest/config';

/** Suites on servers that need Java or Python: `npm run test:engines`. */
export default defineConfig({
  test: {
    include: ['test/engines/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    testTimeout: 180_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
