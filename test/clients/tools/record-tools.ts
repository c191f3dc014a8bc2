import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runTool } from '../kafka-tools.ts';
import { type Bench, topicOf, wellEnded } from './bench.ts';

const keyed = '--property parse.key=true --property key.separator=:';
const shown = '--property print.key=true --property print.partition=true --property print.offset=true';

/** The tools that write and read records. */
export function describeRecordTools(bench: Bench): void {
  describeConsole(bench);
  describePlaces(bench);
  describePerformance(bench);
  describeVerifiable(bench);
}

function describeConsole(bench: Bench): void {
  const { results, ask } = bench;
  const both = ['kafka-console-producer', 'kafka-console-consumer'] as const;
  for (const tool of both)
    results.test(tool, `${tool}: lines with keys go in and come out`, async () => {
      const topic = await topicOf(bench, tool, 3);
      const input = 'hello:one\nbye:two\nhello:three\n';
      wellEnded(await ask('kafka-console-producer', `--topic ${topic} ${keyed}`, { input }));
      const read = `--topic ${topic} --from-beginning --max-messages 3 --timeout-ms 30000 ${shown}`;
      const lines = wellEnded(await ask('kafka-console-consumer', read));
      const seen = lines.map((line) => /^Partition:(\d) Offset:(\d+) (\w+) (\w+)$/.exec(line)?.slice(1));
      const of = (key: string) => seen.filter((one) => one?.[2] === key);
      expect(of('hello').map((one) => one?.[3])).toEqual(['one', 'three']);
      expect(new Set(of('hello').map((one) => one?.[0])).size).toBe(1);
      expect(of('bye').map((one) => one?.[3])).toEqual(['two']);
    });
}

function describePlaces(bench: Bench): void {
  const { results, ask } = bench;
  const write = (topic: string, input: string) =>
    ask('kafka-console-producer', `--topic ${topic}`, { input });

  results.test(
    'kafka-get-offsets',
    'kafka-get-offsets: earliest, latest and of the newest record',
    async () => {
      const topic = await topicOf(bench, 'places', 1);
      wellEnded(await write(topic, 'one\ntwo\nthree\n'));
      const at = async (time: string) => wellEnded(await ask('kafka-get-offsets', `--topic ${topic}${time}`));
      expect(await at('')).toEqual([`${topic}:0:3`]);
      expect(await at(' --time earliest')).toEqual([`${topic}:0:0`]);
      expect(await at(' --time earliest-local')).toEqual([`${topic}:0:0`]);
      expect((await at(' --time max-timestamp'))[0]).toMatch(/^places:0:[012]$/);
      expect(await at(' --time 0')).toEqual([`${topic}:0:0`]);
    },
  );

  results.test('kafka-delete-records', 'kafka-delete-records moves the log start offset', async () => {
    const topic = await topicOf(bench, 'shortened', 1);
    wellEnded(await write(topic, 'one\ntwo\nthree\n'));
    const folder = await mkdtemp(join(tmpdir(), 'millrace-tools-'));
    try {
      const file = join(folder, 'records.json');
      const partitions = [{ topic, partition: 0, offset: 2 }];
      await writeFile(file, JSON.stringify({ partitions, version: 1 }));
      expect(wellEnded(await ask('kafka-delete-records', `--offset-json-file ${file}`))).toContain(
        `partition: ${topic}-0 low_watermark: 2`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
    const read = `--topic ${topic} --from-beginning --max-messages 1 --timeout-ms 30000`;
    expect(wellEnded(await ask('kafka-console-consumer', read))).toEqual(['three']);
  });
}

function describePerformance(bench: Bench): void {
  const { results, ask } = bench;
  const load = async (topic: string) =>
    runTool('kafka-producer-perf-test', [
      ...`--topic ${topic} --num-records 3000 --record-size 100 --throughput -1`.split(' '),
      '--producer-props',
      `bootstrap.servers=${bench.bootstrap()}`,
      'acks=all',
    ]);

  results.test('kafka-producer-perf-test', 'kafka-producer-perf-test: every record is taken', async () => {
    const topic = await topicOf(bench, 'loaded', 2);
    expect(wellEnded(await load(topic)).at(-1)).toMatch(/^3000 records sent, /);
    const ends = wellEnded(await ask('kafka-get-offsets', `--topic ${topic}`));
    expect(ends.map((line) => Number(line.split(':')[2])).reduce((sum, one) => sum + one)).toBe(3_000);
  });

  results.test('kafka-consumer-perf-test', 'kafka-consumer-perf-test: every record comes back', async () => {
    const topic = await topicOf(bench, 'unloaded', 1);
    wellEnded(await load(topic));
    const lines = wellEnded(await ask('kafka-consumer-perf-test', `--topic ${topic} --messages 3000`));
    expect(lines.at(-1)?.split(', ')[4]).toBe('3000');
  });
}

function describeVerifiable(bench: Bench): void {
  const { results, ask } = bench;
  const verifiable = (topic: string) =>
    ask('kafka-verifiable-producer', `--topic ${topic} --max-messages 50 --repeating-keys 5`);
  const named = (lines: readonly string[], name: string) =>
    lines.map((line) => JSON.parse(line)).filter((one) => one.name === name);

  results.test('kafka-verifiable-producer', 'kafka-verifiable-producer: all it sends is acked', async () => {
    const lines = wellEnded(await verifiable(await topicOf(bench, 'verified', 3)));
    expect(named(lines, 'producer_send_success')).toHaveLength(50);
    expect(named(lines, 'tool_data')).toMatchObject([{ sent: 50, acked: 50 }]);
  });

  results.test('kafka-verifiable-consumer', 'kafka-verifiable-consumer: consumes and commits', async () => {
    const topic = await topicOf(bench, 'verified-back', 3);
    wellEnded(await verifiable(topic));
    const countOf = (lines: readonly string[]): number =>
      named(lines, 'records_consumed').reduce((sum, { count }) => sum + count, 0);
    const endWhen = (lines: readonly string[]) =>
      countOf(lines) >= 50 && named(lines, 'offsets_committed').length > 0;
    const args = `--topic ${topic} --group-id verifying --reset-policy earliest`;
    const { lines } = await ask('kafka-verifiable-consumer', args, { endWhen });
    expect(countOf(lines)).toBe(50);
    expect(named(lines, 'offsets_committed').every(({ success }) => success)).toBe(true);
    expect(named(lines, 'shutdown_complete')).toHaveLength(1);
  });
}
