import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { commandLine } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { root } from '../tidy/sources.ts';

type Command = { child: ChildProcess; stdout: () => string; stderr: () => string };
type Ended = { code: number | null; stdout: string; stderr: string };

let folder: string;
const children: ChildProcess[] = [];
const brokers: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  for (const broker of brokers.splice(0)) await broker.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `npx millrace …` as a process of its own. */
function millrace(args: readonly string[], url = '', environment: NodeJS.ProcessEnv = {}): Command {
  const env = { ...process.env, MILLRACE_URL: url, ...environment };
  const child = spawn(join(root, 'cli/run.mjs'), args, { cwd: folder, env });
  children.push(child);
  const text = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data) => (text.stdout += data));
  child.stderr?.on('data', (data) => (text.stderr += data));
  child.stdin?.on('error', () => undefined);
  return { child, stdout: () => text.stdout, stderr: () => text.stderr };
}

async function ended({ child, stdout, stderr }: Command): Promise<Ended> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  return { code: child.exitCode, stdout: stdout(), stderr: stderr() };
}

/** A broker of our own with a topic. */
async function brokerWith(topic: string, partitions = 1): Promise<string> {
  const broker = await start();
  brokers.push(broker);
  await commandLine(['topics', 'create', topic, '-p', String(partitions)], { url: broker.restUrl });
  return broker.restUrl;
}

const numbers = (count: number): string => Array.from({ length: count }, (_, n) => `${n}\n`).join('');

describe('the command as a process', () => {
  test('serves, is told records by another, and SIGTERM ends it with 0', async () => {
    const server = millrace(['serve', '--memory', '--rest-port', '0', '--kafka-port', '0']);
    const ready = await eventually(
      'it is ready',
      async () => server.stdout(),
      (text) => text.includes('ready'),
    );
    const url = /rest=(\S+)/.exec(ready)?.[1] ?? '';
    await commandLine(['topics', 'create', 'orders'], { url });
    const producing = millrace(['produce', 'orders'], url);
    producing.child.stdin?.end('hello\n');
    expect(await ended(producing)).toMatchObject({ code: 0, stdout: '' });
    expect(await ended(millrace(['consume', 'orders', '-e'], url))).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
    server.child.kill('SIGTERM');
    expect((await ended(server)).code).toBe(0);
    const wrong = await ended(millrace(['serve', '--colour']));
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('millrace serve [options]') });
  });

  test('Node is given room on its heap, and stays the process that was started', async () => {
    const asks = "import { getHeapSpaceStatistics } from 'node:v8';const { pid, execArgv } = process;";
    const young = "getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size";
    const code = `${asks}console.error('met ' + JSON.stringify({ pid, execArgv, young: ${young} }))`;
    const probe = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
    for (const name of ['serve', 'gateway']) {
      const command = millrace([name, '--help'], '', probe);
      const { code, stderr } = await ended(command);
      const met = JSON.parse(/^met (.*)$/m.exec(stderr)?.[1] ?? '{}');
      expect([name, code, met]).toEqual([
        name,
        0,
        {
          pid: command.child.pid,
          execArgv: ['--initial-old-space-size=128', '--min-semi-space-size=8'],
          young: 8 * 1024 * 1024,
        },
      ]);
    }
  });

  test('a broker killed and started again in the middle loses and doubles nothing of a produce (I1, I4)', async () => {
    const data = join(folder, 'data');
    const serve = (port: string) =>
      millrace(['serve', '--data', data, '--rest-port', port, '--kafka-port', '0']);
    const ready = (server: Command): Promise<string> =>
      eventually(
        'it is ready',
        async () => server.stdout(),
        (text) => /rest=\S+/.test(text),
      );
    let server = serve('0');
    const url = /rest=(\S+)/.exec(await ready(server))?.[1] ?? '';
    await commandLine(['topics', 'create', 'kept', '-p', '3'], { url });
    const producing = millrace(['produce', 'kept', '-K', ':', '--batch', '50', '--json'], url);
    const stored = (): number => producing.stdout().split('\n').length;
    let sent = 0;
    const send = (count: number): void => {
      for (const last = sent + count; sent < last; sent++)
        producing.child.stdin?.write(`${sent % 7}:${sent}\n`);
    };
    for (let death = 0; death < 2; death++) {
      const before = stored();
      send(2_000);
      await eventually(
        'records are stored',
        async () => stored(),
        (count) => count > before + 100,
      );
      server.child.kill('SIGKILL');
      await ended(server);
      send(500);
      server = serve(new URL(url).port);
      await ready(server);
    }
    producing.child.stdin?.end();
    const { code, stdout, stderr } = await ended(producing);
    expect(code, stderr).toBe(0);
    const read = await commandLine(['consume', 'kept', '-e', '--json'], { url });
    const records = read.json() as { partition: number; offset: number; key: string; value: string }[];
    for (let key = 0; key < 7; key++) {
      const own = records.filter((record) => record.key === String(key)).map(({ value }) => Number(value));
      expect(own).toEqual(Array.from({ length: own.length }, (_, n) => key + 7 * n));
    }
    expect(records.length).toBe(sent);
    const at = new Map(records.map((record) => [Number(record.value), record]));
    for (const line of stdout.trim().split('\n')) {
      const said = JSON.parse(line) as { line: number; partition: number; offset: number };
      expect(at.get(said.line - 1)).toMatchObject({ partition: said.partition, offset: said.offset });
    }
  }, 120_000);

  test('a reader that has seen enough ends consume quietly', async () => {
    const url = await brokerWith('piped');
    await commandLine(['produce', 'piped'], { url, input: numbers(50_000) });
    const consuming = millrace(['consume', 'piped', '-e', '--json'], url);
    await once(consuming.child.stdout as NodeJS.ReadableStream, 'data');
    consuming.child.stdout?.destroy();
    expect(await ended(consuming)).toMatchObject({ code: 0, stderr: '' });
  });

  test('SIGINT ends following with 0, and what was read is written', async () => {
    const url = await brokerWith('followed', 3);
    await commandLine(['produce', 'followed', '-p', '2'], { url, input: numbers(1_000) });
    const consuming = millrace(['consume', 'followed'], url);
    await eventually(
      'all is read',
      async () => consuming.stdout(),
      (text) => text.includes('999\n'),
    );
    consuming.child.kill('SIGINT');
    expect(await ended(consuming)).toEqual({ code: 0, stdout: numbers(1_000), stderr: '' });
  });

  test('SIGINT ends a produce with 130 after what was read is stored, and says how much', async () => {
    const url = await brokerWith('stopped');
    const producing = millrace(['produce', 'stopped'], url);
    producing.child.stdin?.write(`${numbers(100)}unfinished`);
    const read = async (): Promise<string> =>
      (await commandLine(['consume', 'stopped', '-e'], { url })).stdout;
    await eventually('the lines are stored', read, (text) => text === numbers(100));
    producing.child.kill('SIGINT');
    const { code, stderr } = await ended(producing);
    expect([code, stderr]).toEqual([130, expect.stringContaining('100 records stored in stopped')]);
    expect(await read()).toBe(numbers(100));
  });

  test('a member that is stopped leaves its group: the next goes on at once where it was', async () => {
    const url = await brokerWith('shared');
    await commandLine(['produce', 'shared'], { url, input: numbers(10) });
    const consuming = millrace(['consume', 'shared', '-g', 'readers'], url);
    const lag = async (): Promise<string> =>
      (await commandLine(['groups', 'describe', 'readers'], { url })).stdout;
    await eventually('it has committed', lag, (text) => /^shared +0 +10 +10 +0/m.test(text));
    consuming.child.kill('SIGINT');
    expect(await ended(consuming)).toEqual({ code: 0, stdout: numbers(10), stderr: '' });
    await commandLine(['produce', 'shared'], { url, input: 'new\n' });
    const next = await commandLine(['consume', 'shared', '-g', 'readers', '-c', '1'], { url });
    expect(next).toMatchObject({ code: 0, stdout: 'new\n' });
  });
});

describe('completion', () => {
  /** What bash would offer after these words. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout: script } = await commandLine(['completion', 'bash']);
    const typed = words.map((word) => `'${word}'`).join(' ');
    const asked = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _millrace; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', `${script}\n${asked}`], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    return stdout.split('\n').filter(Boolean);
  }

  test('bash is offered commands, options and what an option may be given', async () => {
    expect(await offered('millrace', 'to')).toEqual(['topics']);
    expect(await offered('millrace', 'topics', 'de')).toEqual(['describe', 'delete']);
    expect(await offered('millrace', 'groups', 'reset-offsets', '--to-e')).toEqual(['--to-earliest']);
    expect(await offered('millrace', 'consume', 'orders', '--value-format', 'j')).toEqual(['json']);
    expect(await offered('millrace', 'completion', '')).toEqual(['bash', 'zsh', 'fish']);
  });

  test('zsh and fish are told every command with what it does', async () => {
    const zsh = (await commandLine(['completion', 'zsh'])).stdout;
    expect(zsh).toMatch(/^#compdef millrace\n/);
    expect(zsh).toContain("'reset-offsets:Moves what a group");
    const fish = (await commandLine(['completion', 'fish'])).stdout;
    expect(fish).toContain("complete -c millrace -n '__millrace_at topics' -a 'add-partitions'");
    expect((await commandLine(['completion', 'tcsh'])).code).toBe(2);
  });
});
