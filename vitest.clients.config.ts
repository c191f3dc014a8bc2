import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The table of results comes after the clients. */
class TableLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isTable = ({ moduleId }: TestSpecification): number => Number(moduleId.includes('/table/'));
    return [...files].sort((a, b) => isTable(a) - isTable(b) || a.moduleId.localeCompare(b.moduleId));
  }
}

/** Unmodified Kafka clients against a running broker: `npm run test:clients`. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line-reporter.ts'],
    pool: 'forks',
    fileParallelism: false,
    sequence: { sequencer: TableLast },
    testTimeout: 150_000,
    hookTimeout: 120_000,
  },
});
