import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerProcess, startBroker } from './broker-process.ts';
import { repository } from './client-program.ts';

describe('examples/kafka-flights', () => {
  let broker: BrokerProcess;
  beforeAll(async () => {
    broker = await startBroker({ brokers: 3 });
  }, 90_000);
  afterAll(() => broker?.stop());

  test('a group that loses a member half-way processes every flight, in order, in one hand', async () => {
    const args = ['--import', 'tsx', 'examples/kafka-flights/main.ts', broker.bootstrap, '--json'];
    const options = { cwd: repository, timeout: 140_000 };
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ flights: 20_000, airports: 220, violations: [] });
    expect(report.killed.afterFlights).toBeGreaterThan(1_000);
    expect(report.processedByMember.every((flights: number) => flights > 0)).toBe(true);
  });
});
