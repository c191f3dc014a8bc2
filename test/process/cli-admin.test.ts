import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { type CommandOptions, commandLine } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';

let broker: Running;
beforeAll(async () => {
  broker = await start({ brokers: 2 });
});
afterAll(() => broker.stop());

const millrace = (args: readonly string[], options: CommandOptions = {}) =>
  commandLine(args, { url: broker.restUrl, ...options });

async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace(args);
  expect(code, stderr).toBe(0);
  return stdout;
}

async function fill(topic: string, partitions: number, records: number): Promise<void> {
  await done('topics', 'create', topic, '-p', String(partitions));
  const input = Array.from({ length: records }, (_, n) => `${n}:${n}`).join('\n');
  const { code, stderr } = await millrace(['produce', topic, '-K', ':'], { input });
  expect(code, stderr).toBe(0);
}

describe('topics', () => {
  test('are made, listed, shown, changed and deleted', async () => {
    expect(await done('topics', 'create', 'orders', '-p', '3', '-c', 'retention.ms=86400000')).toBe(
      'orders made, with 3 partitions.\n',
    );
    expect(await done('topics', 'list')).toMatch(/^TOPIC +PARTITIONS +REPLICAS\norders +3 +1\n$/m);
    const shown = await done('topics', 'describe', 'orders');
    expect(shown).toMatch(/^partitions +3$/m);
    expect(shown).toMatch(/^ +2 +[12] +[12] +0 +0$/m);
    expect(shown).toMatch(/^retention\.ms +86400000 +DYNAMIC_TOPIC_CONFIG$/m);
    expect(shown).not.toContain('max.message.bytes');
    expect(await done('topics', 'describe', 'orders', '--all-configs')).toContain('max.message.bytes');

    await done(
      'topics',
      'alter-config',
      'orders',
      '--set',
      'retention.ms=1000',
      '--set',
      'segment.bytes=20000',
    );
    await done('topics', 'alter-config', 'orders', '--delete', 'retention.ms', '--dry-run');
    expect(await setConfigs('orders')).toEqual({ 'retention.ms': '1000', 'segment.bytes': '20000' });
    await done('topics', 'alter-config', 'orders', '--delete', 'retention.ms');
    expect(await setConfigs('orders')).toEqual({ 'segment.bytes': '20000' });

    expect(await done('topics', 'add-partitions', 'orders', '-n', '2')).toBe('orders has 5 partitions.\n');
    expect(await done('topics', 'add-partitions', 'orders', '--to', '6')).toBe('orders has 6 partitions.\n');
    expect(await done('topics', 'delete', 'orders')).toBe('orders deleted.\n');
    expect((await millrace(['topics', 'describe', 'orders'])).code).toBe(1);
  });

  test('that are there already are a failure, unless one asked only that they be', async () => {
    await done('topics', 'create', 'there', '-p', '2');
    const again = await millrace(['topics', 'create', 'there']);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("'there' already exists")]);
    expect(await done('topics', 'create', 'there', '--if-not-exists')).toContain('there already, with 2');
    // Not every refusal means that it is there.
    const wrong = ['topics', 'create', 'new', '--if-not-exists', '-c', 'retention.ms=soon'];
    expect((await millrace(wrong)).code).toBe(1);
  });

  test('a dry run checks everything and makes nothing', async () => {
    expect(await done('topics', 'create', 'dry', '--dry-run')).toContain('would be made');
    expect((await millrace(['topics', 'create', 'dry', '--dry-run', '-c', 'no.such=1'])).code).toBe(1);
    expect(await done('topics', 'list')).not.toContain('dry');
  });

  test('several at once are each told how it went', async () => {
    const { code, stdout, stderr } = await millrace(['topics', 'create', 'one', 'there', 'two']);
    expect(code).toBe(1);
    expect(stdout).toContain('one made');
    expect(stdout).toContain('two made');
    expect(stderr).toContain('there: Topic');
    expect(stderr).toContain('1 topic of 3 failed');
    const removed = await millrace(['topics', 'delete', 'one', 'two', 'nosuch', '--json']);
    expect(removed.code).toBe(1);
    expect(removed.json()).toEqual([
      [
        { topic: 'one', deleted: true },
        { topic: 'two', deleted: true },
        { topic: 'nosuch', error: 'Topic nosuch not found.' },
      ],
    ]);
  });

  test.each([
    [['topics', 'add-partitions', 'there', '--to', '1'], 1, /2 partitions/],
    [['topics', 'add-partitions', 'there'], 2, /either --num or --to/],
    [['topics', 'alter-config', 'there'], 2, /--set or --delete/],
    [['topics', 'alter-config', 'there', '--set', 'x'], 2, /NAME=VALUE/],
    [['topics', 'alter-config', 'there', '--set', 'bogus=1'], 1, /bogus/],
    [['topics', 'create', 'x', '-p', '0'], 2, /whole number from 1/],
  ])('%j ends with %d', async (args, code, said) => {
    const outcome = await millrace(args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(said);
  });
});

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

type Described = { configs: { name: string; value: string; is_default: boolean }[] };
async function setConfigs(topic: string): Promise<Record<string, string>> {
  const [found] = (await millrace(['topics', 'describe', topic, '--json'])).json() as Described[][];
  const configs = found?.[0]?.configs ?? [];
  return Object.fromEntries(
    configs.filter(({ is_default }) => !is_default).map(({ name, value }) => [name, value]),
  );
}

test('what the door has not done for now is asked again, what may have been done is not', async () => {
  const statuses = [429, 429, 504];
  const sent: (string | undefined)[] = [];
  const busy: typeof fetch = async (input, init) => {
    if (init?.method !== 'POST') return fetch(input, init);
    sent.push(init.method);
    const status = statuses.shift();
    if (status === undefined) return fetch(input, init);
    return Response.json({ error_code: status, message: 'busy' }, { status });
  };
  const { code, stderr } = await millrace(['topics', 'create', 'later'], { fetch: busy });
  expect([code, sent.length]).toEqual([1, 3]);
  expect(stderr).toContain('The outcome is not known');
  expect((await millrace(['topics', 'create', 'later'], { fetch: busy })).code).toBe(0);
});

test('the cluster and its brokers are shown', async () => {
  const shown = await done('cluster');
  expect(shown).toMatch(/^cluster +\S{22}$/m);
  expect(shown).toMatch(/^ +2 +127\.0\.0\.1 +\d+ +-$/m);
  const [brokers] = (await millrace(['brokers', '--json'])).json() as { broker: number }[][];
  expect(brokers?.map(({ broker: id }) => id)).toEqual([1, 2]);
  expect(await done('brokers', 'describe', '2', '--all-configs')).toContain('num.partitions');
  expect((await millrace(['brokers', 'describe', '9'])).code).toBe(1);
});

describe('groups', () => {
  test('read once, go on where they were, and show how far they are behind', async () => {
    await fill('billed', 3, 300);
    const first = await millrace(['consume', 'billed', '-g', 'billing', '-c', '100']);
    const second = await millrace(['consume', 'billed', '-g', 'billing', '-e']);
    const third = await millrace(['consume', 'billed', '-g', 'billing', '-e']);
    const values = `${first.stdout}${second.stdout}${third.stdout}`.trim().split('\n').map(Number);
    expect([first.code, second.code, third.stdout]).toEqual([0, 0, '']);
    expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
    await millrace(['produce', 'billed', '-p', '1'], { input: 'x\ny\n' });
    const shown = await done('groups', 'describe', 'billing');
    expect(shown).toMatch(/^total lag +2$/m);
    expect(shown).toMatch(/^billed +1 +\d+ +\d+ +2 +- +-$/m);
    expect(await done('groups', 'list')).toMatch(/^billing +EMPTY/m);
  });

  test('two members share a topic, and when one goes the other has it all', async () => {
    await fill('shared', 4, 40);
    const read: Record<string, string> = { first: '', second: '' };
    const join = (name: string, stop: AbortController) =>
      millrace(['consume', 'shared', '-g', 'pair', '-q'], {
        signal: stop.signal,
        onOutput: (text) => {
          read[name] += text;
        },
      });
    const [stopFirst, stopSecond] = [new AbortController(), new AbortController()];
    const first = join('first', stopFirst);
    await eventually(
      'it reads alone',
      async () => read.first ?? '',
      (text) => lines(text).length === 40,
    );
    const second = join('second', stopSecond);
    let sent = 40;
    const isShared = async (): Promise<boolean> => {
      const input = Array.from({ length: 20 }, () => `${sent}:${sent++}`).join('\n');
      await millrace(['produce', 'shared', '-K', ':'], { input });
      return lines(read.second ?? '').length > 0;
    };
    await eventually('both read', isShared, (is) => is);
    stopFirst.abort();
    expect((await first).code).toBe(0);
    const all = async (): Promise<Set<string>> => new Set(lines(`${read.first}${read.second}`));
    await millrace(['produce', 'shared', '-K', ':'], { input: `${sent}:${sent++}` });
    await eventually('everything is read', all, ({ size }) => size === sent);
    stopSecond.abort();
    expect(await second).toMatchObject({ code: 0, stderr: '' });
    expect(await done('groups', 'describe', 'pair')).toMatch(/^total lag +0$/m);
  });

  test('offsets are shown before they are moved, and moved when that is said', async () => {
    await fill('moved', 2, 100);
    await millrace(['consume', 'moved', '-g', 'mover', '-e']);
    const offsets = async (...how: string[]): Promise<number[]> => {
      const args = ['groups', 'reset-offsets', 'mover', '--json', ...how];
      const { code, stderr, json } = await millrace(args);
      expect(code, stderr).toBe(0);
      return (
        (json() as { offsets: { new_offset: number }[] }[])[0]?.offsets.map((row) => row.new_offset) ?? []
      );
    };
    const [a = 0, b = 0] = await offsets('--all-topics', '--to-current');
    expect(a + b).toBe(100);
    expect(await offsets('-t', 'moved', '--shift-by', '-3')).toEqual([a - 3, b - 3]);
    expect(await offsets('-t', 'moved', '--to-earliest')).toEqual([0, 0]);
    expect(await offsets('-t', 'moved', '--to-datetime', '-1h')).toEqual([0, 0]);
    expect(await offsets('-t', 'moved', '--to-datetime', '2100-01-01')).toEqual([a, b]);
    expect(await offsets('-t', 'moved', '--to-offset', '7')).toEqual([7, 7]);
    expect(await offsets('-t', 'moved', '--shift-by', '1000')).toEqual([a, b]);
    expect(await offsets('--all-topics', '--to-current'), 'nothing was moved').toEqual([a, b]);
    const said = await millrace(['groups', 'reset-offsets', 'mover', '-t', 'moved:1', '--shift-by', '-2']);
    expect(said.stderr).toContain('add --execute');
    await done('groups', 'reset-offsets', 'mover', '-t', 'moved:1', '--shift-by', '-2', '--execute');
    expect(await offsets('--all-topics', '--to-current')).toEqual([a, b - 2]);
    const again = await millrace(['consume', 'moved', '-g', 'mover', '-e']);
    expect(again.stdout.trim().split('\n').length).toBe(2);
  });

  test('that have members are neither moved nor deleted, and it says what to do', async () => {
    await fill('busy', 1, 10);
    const stop = new AbortController();
    let read = '';
    const reading = millrace(['consume', 'busy', '-g', 'busy-group'], {
      signal: stop.signal,
      onOutput: (text) => {
        read += text;
      },
    });
    await eventually(
      'the member reads',
      async () => read,
      (text) => text.includes('9\n'),
    );
    const members = await done('groups', 'describe', 'busy-group');
    expect(members).toMatch(/^state +STABLE$/m);
    expect(members).toMatch(/^members +1$/m);
    const moving = await millrace([
      'groups',
      'reset-offsets',
      'busy-group',
      '-t',
      'busy',
      '--to-earliest',
      '--execute',
    ]);
    expect([moving.code, moving.stdout]).toEqual([1, '']);
    expect(moving.stderr).toContain('Stop its members first');
    const deleting = await millrace(['groups', 'delete', 'busy-group']);
    expect(deleting.code).toBe(1);
    expect(deleting.stderr).toContain('Stop its members first');
    stop.abort();
    expect((await reading).code).toBe(0);
    expect(await done('groups', 'describe', 'busy-group'), 'it has left').toMatch(/^members +0$/m);
    expect(await done('groups', 'delete', 'busy-group')).toBe('busy-group deleted.\n');
    expect((await millrace(['groups', 'describe', 'busy-group'])).stderr).toContain('groups list');
  });

  test.each([
    [['groups', 'reset-offsets', 'g', '-t', 'busy'], 2, /where to/],
    [['groups', 'reset-offsets', 'g', '--to-latest'], 2, /either --topic or --all-topics/],
    [['groups', 'reset-offsets', 'g', '-t', 'busy', '--to-latest', '--to-earliest'], 2, /one of/],
    [['groups', 'reset-offsets', 'g', '-t', 'busy', '--to-latest', '--dry-run', '--execute'], 2, /exclude/],
    [['groups', 'reset-offsets', 'g', '-t', 'busy:9', '--to-latest'], 1, /no partition 9/],
    [['groups', 'reset-offsets', 'g', '-t', 'nosuch', '--to-latest'], 1, /nosuch not found/],
    [['groups', 'reset-offsets', 'g', '-t', 'busy', '--shift-by', '1'], 1, /no committed offset to shift/],
    [['groups', 'reset-offsets', 'nosuch', '--all-topics', '--to-latest'], 1, /has committed nothing/],
    [['groups', 'delete', 'nosuch'], 1, /groups list/],
    [['groups', 'delete', '..'], 2, /no group name/],
  ])('%j ends with %d', async (args, code, said) => {
    const outcome = await millrace(args);
    expect(outcome.code).toBe(code);
    expect(outcome.stderr).toMatch(said);
  });
});
