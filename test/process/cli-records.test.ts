import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { partitionForKey } from '../../shared/kafka/murmur2.ts';
import { type CommandOptions, commandLine } from '../support/command-line.ts';

let broker: Running;
beforeAll(async () => {
  broker = await start();
});
afterAll(() => broker.stop());

const millrace = (args: readonly string[], options: CommandOptions = {}) =>
  commandLine(args, { url: broker.restUrl, ...options });

async function newTopic(name: string, ...options: string[]): Promise<void> {
  const { code, stderr } = await millrace(['topics', 'create', name, ...options]);
  expect(code, stderr).toBe(0);
}

type Read = { partition: number; offset: number; key: string; value: string };
const readAll = async (topic: string): Promise<Read[]> =>
  (await millrace(['consume', topic, '-e', '--json'])).json() as Read[];

describe('produce and consume', () => {
  test('ten thousand keyed lines come back, each key together and in order', async () => {
    await newTopic('many', '-p', '3');
    const lines = Array.from({ length: 10_000 }, (_, n) => `key-${n % 37}:${n}`);
    const produced = await millrace(['produce', 'many', '-K', ':'], { input: `${lines.join('\n')}\n` });
    expect(produced.stderr).toMatch(/^10,000 records stored in many in [\d.]+ s/);
    expect(produced.code).toBe(0);
    const records = await readAll('many');
    expect(records.length).toBe(10_000);
    for (const { key, partition } of records) expect(partition).toBe(partitionForKey(Buffer.from(key), 3));
    for (let key = 0; key < 37; key++) {
      const values = records
        .filter((record) => record.key === `key-${key}`)
        .map(({ value }) => Number(value));
      expect(values).toEqual(Array.from({ length: values.length }, (_, n) => key + 37 * n));
    }
  });

  test('an answer that is lost is asked again, and nothing is stored twice (I4)', async () => {
    await newTopic('lossy', '-p', '2');
    let calls = 0;
    const lossy: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (init?.method !== 'POST' || calls++ % 3 !== 1) return answer;
      await answer.arrayBuffer();
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
      });
    };
    const input = Array.from({ length: 500 }, (_, n) => `${n % 10}:${n}`).join('\n');
    const produced = await millrace(['produce', 'lossy', '-K', ':', '--batch', '20'], {
      input,
      fetch: lossy,
    });
    expect(produced.stderr).toContain('500 records stored');
    expect(produced.stderr).toContain('Trying again');
    const values = (await readAll('lossy')).map(({ value }) => Number(value));
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  test('what consume writes as JSON, produce stores the same elsewhere', async () => {
    await newTopic('from', '-p', '2');
    await newTopic('to', '-p', '2');
    const options = ['-H', 'a=1', '-H', 'b=', '--timestamp', '2026-01-02T03:04:05Z', '-p', '1'];
    await millrace(['produce', 'from', '-k', 'key', ...options], {
      input: Buffer.from([0xff, 0x0a, 0x61, 0x0a]),
    });
    await millrace(['produce', 'from', '-Z', '-k', 'gone'], { input: '\n' });
    const { stdout } = await millrace(['consume', 'from', '-e', '--json']);
    expect(stdout).toContain(
      `"timestamp":${Date.UTC(2026, 0, 2, 3, 4, 5)},"key":"key","value_base64":"/w=="`,
    );
    const copied = await millrace(['produce', 'to', '--records'], { input: stdout });
    expect(copied.stderr).toContain('3 records stored');
    const { stdout: copy } = await millrace(['consume', 'to', '-e', '--json']);
    const sorted = (text: string): string[] =>
      text.replaceAll('"topic":"from"', '"topic":"to"').split('\n').sort();
    expect(sorted(copy)).toEqual(sorted(stdout));
  });

  test('JSON and base64 are stored as the bytes they stand for, and the lines stored are listed', async () => {
    await newTopic('formats');
    const json = ['produce', 'formats', '--value-format', 'json', '--json'];
    const produced = await millrace(json, { input: '{ "n": 1.10 }\n[1, 2]' });
    expect(produced.json()).toEqual([
      { line: 1, topic: 'formats', partition: 0, offset: 0 },
      { line: 2, topic: 'formats', partition: 0, offset: 1 },
    ]);
    await millrace(['produce', 'formats', '--value-format', 'binary'], { input: 'aGk=' });
    await millrace(['produce', 'formats', '--whole'], { input: 'two\nlines' });
    const { stdout } = await millrace(['consume', 'formats', '-e', '-f', '%o:%s|']);
    expect(stdout).toBe('0:{"n":1.10}|1:[1,2]|2:hi|3:two\nlines|');
  });

  test('records too large for one request together are sent apart, in order', async () => {
    await newTopic('small', '-c', 'max.message.bytes=1000');
    const lines = Array.from({ length: 300 }, (_, n) => `${n}-${'x'.repeat(n)}`);
    expect((await millrace(['produce', 'small'], { input: lines.join('\n') })).code).toBe(0);
    expect((await readAll('small')).map(({ value }) => value)).toEqual(lines);
  });

  test('a record that is refused is named by its line, and what stood before it is stored', async () => {
    await newTopic('strict', '-c', 'max.message.bytes=1000');
    const input = ['a', 'b', 'c'.repeat(2_000), 'd'].join('\n');
    const { code, stderr } = await millrace(['produce', 'strict'], { input });
    expect(code).toBe(1);
    expect(stderr).toContain('line 3 was not stored; 2 records stored before');
    expect(stderr).toContain('max.message.bytes');
    expect((await readAll('strict')).map(({ value }) => value)).toEqual(['a', 'b']);
  });

  test('a line that cannot be read ends it, by its number, after what stood before', async () => {
    await newTopic('lines');
    const { code, stderr } = await millrace(['produce', 'lines', '-K', ':'], {
      input: 'a:1\nb:2\nnonsense\nc:3',
    });
    expect(code).toBe(1);
    expect(stderr).toContain('Line 3 has no key separator ":"');
    expect((await readAll('lines')).map(({ key }) => key)).toEqual(['a', 'b']);
  });
});

describe('where consume begins and ends', () => {
  beforeAll(async () => {
    await newTopic('ten', '-p', '2');
    for (const partition of ['0', '1']) {
      const input = Array.from({ length: 10 }, (_, n) => `${partition}.${n}`).join('\n');
      await millrace(['produce', 'ten', '-p', partition, '--timestamp', '2026-01-01'], { input });
    }
    await millrace(['produce', 'ten', '-p', '0', '--timestamp', '2026-01-03'], { input: 'late' });
  });
  const consumed = async (...options: string[]): Promise<string[]> =>
    (await millrace(['consume', 'ten', ...options])).stdout.split('\n').filter(Boolean).sort();

  test.each([
    [
      ['-e', '-o', '-2'],
      ['0.9', '1.8', '1.9', 'late'],
    ],
    [
      ['-e', '-o', '8', '-p', '1'],
      ['1.8', '1.9'],
    ],
    [['-e', '-o', '@2026-01-02'], ['late']],
    [['-e', '-o', 'latest'], []],
    [
      ['-c', '2', '-p', '0', '--from-beginning'],
      ['0.0', '0.1'],
    ],
    [['-e', '-o', 'end', '-p', '0,1'], []],
    [['-e', '-p', '1', '-c', '1', '-K', '#', '-Z', 'none'], ['none#1.0']],
  ])('%j', async (options, expected) => {
    expect(await consumed(...options)).toEqual(expected);
  });

  test.each([
    ['latest', [11, 10]],
    ['earliest', [0, 0]],
    ['@2026-01-02', [10, 10]],
    ['-3', [8, 7]],
  ])('the offset of %s is told for each partition', async (at, expected) => {
    const [rows] = (await millrace(['topics', 'offsets', 'ten', '--at', at, '--json'])).json() as Read[][];
    expect(rows?.map(({ offset }) => offset)).toEqual(expected);
  });

  test('an offset outside of one partition is a failure, of some of several a notice', async () => {
    const one = await millrace(['consume', 'ten', '-e', '-o', '50', '-p', '1']);
    expect([one.code, one.stdout]).toEqual([1, '']);
    expect(one.stderr).toContain('Partition 1 of ten has offsets 0 to 10, not 50.');
    const both = await millrace(['consume', 'ten', '-e', '-o', '11']);
    expect(both.code).toBe(0);
    expect(both.stderr).toContain('not 11: it begins at 10');
  });

  test('following sees what comes later, until it is stopped', async () => {
    await newTopic('live', '-p', '20');
    const stop = new AbortController();
    let isSent = false;
    const following = millrace(['consume', 'live', '-o', 'latest', '-f', '%s\\n'], {
      signal: stop.signal,
      onOutput: (text) => {
        if (text.includes('last')) stop.abort();
      },
    });
    const input = 'first\nlast\n';
    // It may begin before or after; records are sent until one is seen.
    while (!stop.signal.aborted) {
      await millrace(['produce', 'live', '-p', '17', '-q'], { input });
      isSent = true;
    }
    const { code, stdout } = await following;
    expect([code, isSent]).toEqual([0, true]);
    expect(stdout).toMatch(/last\n/);
  });
});

describe('calls that are wrong', () => {
  test.each([
    [['consume', 'nosuch', '-e'], 1, /Topic nosuch not found.*\n.*topics list/],
    [['produce', 'nosuch'], 1, /Topic nosuch not found/],
    [['consume', 'ten', '-p', '9'], 1, /no partition 9; it has 2/],
    [['produce', 'ten', '-p', '9'], 1, /no partition 9; it has 2/],
    [['produce', 'ten', '-f', 'no/such/file'], 1, /no\/such\/file cannot be read/],
    [['consume'], 2, /missing required argument 'topics'/],
    [['consume', 'ten', '-f', '%z'], 2, /--format knows/],
    [['consume', 'ten', '--json', '-f', '%s'], 2, /exclude each other/],
    [['consume', 'ten', '-o', 'soon'], 2, /--offset is earliest/],
    [['consume', 'ten', '-c', 'x'], 2, /whole number/],
    [['consume', 'te/n'], 2, /no topic name/],
    [['consume', 'ten', '-g', 'g', '-p', '0'], 2, /--partition and --group exclude/],
    [['produce', 'ten', '--colour'], 2, /unknown option '--colour'/],
    [['produce', 'ten', '-k', 'a', '-K', ':'], 2, /exclude each other/],
    [['produce', 'ten', '-H', 'x'], 2, /--header is NAME=VALUE/],
    [['produce', 'ten', '--value-format', 'avro'], 2, /Allowed choices are text, json, binary/],
    [['topics', 'lst'], 2, /Did you mean/],
    [['topics', 'list', '--url', 'localhost:1'], 2, /--url is an address like/],
    [['nonsense'], 2, /unknown command/],
    [[], 2, /Usage: millrace/],
  ])('%j ends with %d', async (args, code, said) => {
    const outcome = await millrace(args);
    expect([outcome.code, outcome.stdout]).toEqual([code, '']);
    expect(outcome.stderr).toMatch(said);
  });

  test('without a server it says how to start one, for programs as JSON', async () => {
    const gone = await start();
    const url = gone.restUrl;
    await gone.stop();
    const said = await commandLine(['topics', 'list'], { url });
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`Nothing listens on ${url}`);
    expect(said.stderr).toContain('npx millrace serve');
    const { stderr } = await commandLine(['topics', 'list', '--json'], { url });
    expect(JSON.parse(stderr)).toMatchObject({ error: { message: `Nothing listens on ${url}.` } });
  });

  test('another server is not taken for a Millrace', async () => {
    const strange: typeof fetch = async () => new Response('<html>hello</html>');
    const { code, stderr } = await millrace(['topics', 'list'], { fetch: strange });
    expect(code).toBe(1);
    expect(stderr).toContain('does not answer as Millrace does');
  });
});
