import { defineConfig } from 'vitest/config';

/** The stack, deployed to an emulator of AWS: `npm run test:aws`, `npm run test:localstack`. */
export default defineConfig({
  test: {
    include: ['test/aws/**/*.test.ts'],
    globalSetup: ['test/aws/global-setup.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    // Functions are local processes: two stacks at once would only wait for each other.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
