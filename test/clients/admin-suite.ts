import { expect } from 'vitest';
import type { Stand } from './stand.ts';

/** A topic's life in the hands of the client's admin part. */
export function describeAdmin({ results, stage }: Stand): void {
  results.test('admin', 'a topic is created, described, listed, grown and deleted', async () => {
    const program = await stage().run('admin', { topic: 'of-admin' }).finish();
    expect(program.lines).toEqual([
      { created: 3 },
      { listed: true },
      { config: '3600000' },
      { grown: 5 },
      { deleted: true },
    ]);
  });
}
