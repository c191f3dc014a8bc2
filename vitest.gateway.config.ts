import { defineConfig } from 'vitest/config';

/** Gateways in processes of their own on an emulator of AWS, and real clients: `npm run test:gateway`. */
export default defineConfig({
  test: {
    include: ['test/gateway/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
