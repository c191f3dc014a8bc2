import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { root } from '../tidy/sources.ts';

describe('examples/orders', () => {
  let three: Running;
  beforeAll(async () => {
    three = await start({ brokers: 3 });
  });
  afterAll(() => three.stop());

  test('a consumer that was away gets all, each key from one partition and in order', async () => {
    const args = ['--import', 'tsx', 'examples/orders.ts', three.bootstrapServers, '--count', '60', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 });
    const report = JSON.parse(stdout);
    expect(Object.values(report.leaders).sort()).toEqual([1, 2, 3]);
    expect(Object.keys(report.partitions)).toEqual(['hello', 'bye']);
    expect(report).toMatchObject({ messages: 60, violations: [] });
  });

  test('a topic that is there already is not written to', async () => {
    const args = ['--import', 'tsx', 'examples/orders.ts', three.bootstrapServers, '--count', '60', '--json'];
    await expect(promisify(execFile)(process.execPath, args, { cwd: root, timeout: 60_000 })).rejects.toThrow(
      'there is a topic orders already',
    );
  });
});
