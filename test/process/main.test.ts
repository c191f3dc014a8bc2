import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const jsonType = 'application/vnd.kafka.json.v2+json';

type Process = { child: ChildProcess; restUrl: string; output: () => string };
type Ended = { code: number | null; output: string };

let folder: string;
const running: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-process-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function run(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(join(root, 'cli/run.mjs'), ['serve', ...args], { cwd: root });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data) => (text += data));
  return { child, output: () => text };
}

/** Starts the process and waits for its ready line. */
async function started(...args: string[]): Promise<Process> {
  const { child, output } = run('--rest-port', '0', ...args);
  for (;;) {
    const restUrl = /^millrace ready rest=(http:\S+) kafka=\S+$/m.exec(output())?.[1];
    if (restUrl) return { child, restUrl, output };
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output()}`);
    await Promise.race([once(child.stdout ?? child, 'data'), once(child, 'exit')]);
  }
}

async function ended({ child, output }: { child: ChildProcess; output: () => string }): Promise<Ended> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, output: output() };
}

async function createTopic(restUrl: string, name: string, partitions: number): Promise<void> {
  const { data } = (await (await fetch(`${restUrl}/v3/clusters`)).json()) as {
    data: { cluster_id: string }[];
  };
  const answer = await fetch(`${restUrl}/v3/clusters/${data[0]?.cluster_id}/topics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic_name: name, partitions_count: partitions }),
  });
  expect(answer.status).toBe(201);
}

const post = (url: string, value: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': jsonType, ...headers },
    body: JSON.stringify({ records: [{ value }] }),
  });

async function readPartition(restUrl: string, topic: string, partition: number): Promise<unknown[]> {
  const values: unknown[] = [];
  for (;;) {
    const url = `${restUrl}/topics/${topic}/partitions/${partition}/records?offset=${values.length}&timeout=0`;
    const records = (await (await fetch(url, { headers: { accept: jsonType } })).json()) as {
      value: unknown;
      offset: number;
    }[];
    for (const { value, offset } of records) {
      expect(offset).toBe(values.length);
      values.push(value);
    }
    if (records.length === 0) return values;
  }
}

describe('the process', () => {
  test('SIGKILL loses nothing acknowledged, and idempotent senders store nothing twice (I1, I3, I4)', async () => {
    let millrace = await started('--data', folder);
    await createTopic(millrace.restUrl, 'kept', 3);
    const ids = await Promise.all(
      [0, 1, 2, 3, 4, 5].map(async () => {
        const answer = await fetch(`${millrace.restUrl}/producers`, { method: 'POST' });
        return ((await answer.json()) as { producer_id: number }).producer_id;
      }),
    );
    const acknowledged = new Map<string, { partition: number; offset: number }>();
    let isOver = false;
    /** Sends one record after another, each again and again until it is acknowledged, over every death. */
    const send = async (sender: number): Promise<void> => {
      const partition = sender % 3;
      for (let sequence = 0; !isOver; sequence++) {
        for (;;) {
          const producer = `${ids[sender]};epoch=0;sequence=${sequence}`;
          const url = `${millrace.restUrl}/topics/kept/partitions/${partition}`;
          const answer = await post(url, `${sender}:${sequence}`, { 'Millrace-Producer': producer }).catch(
            () => undefined,
          );
          if (answer?.status !== 200) {
            await new Promise((resolve) => setImmediate(resolve));
            continue;
          }
          const { offsets } = (await answer.json()) as { offsets: { offset: number }[] };
          acknowledged.set(`${sender}:${sequence}`, { partition, offset: offsets[0]?.offset ?? -1 });
          break;
        }
      }
    };
    const senders = ids.map((_, sender) => send(sender));
    for (let death = 0; death < 3; death++) {
      const before = acknowledged.size;
      while (acknowledged.size < before + 60 + death * 17)
        await new Promise((resolve) => setImmediate(resolve));
      millrace.child.kill('SIGKILL');
      await ended(millrace);
      millrace = await started('--data', folder);
    }
    isOver = true;
    await Promise.all(senders);
    const partitions = await Promise.all(
      [0, 1, 2].map((partition) => readPartition(millrace.restUrl, 'kept', partition)),
    );
    for (const [value, { partition, offset }] of acknowledged)
      expect(partitions[partition]?.[offset]).toBe(value);
    const values = partitions.flat();
    expect(new Set(values).size).toBe(values.length);
    for (const sender of ids.keys()) {
      const own = partitions[sender % 3]?.filter((value) => String(value).startsWith(`${sender}:`)) ?? [];
      expect(own).toEqual(own.map((_, sequence) => `${sender}:${sequence}`));
    }
  }, 120_000);

  test('SIGTERM ends it with code 0, also while a read waits, and the data is there afterwards', async () => {
    const first = await started('--data', folder);
    await createTopic(first.restUrl, 'orders', 1);
    expect((await post(`${first.restUrl}/topics/orders`, 'hello')).status).toBe(200);
    const waiting = fetch(`${first.restUrl}/topics/orders/partitions/0/records?offset=1&timeout=30000`).catch(
      () => 'cut',
    );
    first.child.kill('SIGTERM');
    expect((await ended(first)).code).toBe(0);
    await waiting;
    const second = await started('--data', folder);
    expect(await readPartition(second.restUrl, 'orders', 0)).toEqual(['hello']);
  }, 60_000);

  test('a second process on the same data folder is refused, by name', async () => {
    const first = await started('--data', folder);
    const { code, output } = await ended(run('--data', folder, '--rest-port', '0'));
    expect(code).toBe(1);
    expect(output).toContain(folder);
    expect(output).toContain(String(first.child.pid));
  }, 60_000);

  test.each([
    ['a port that is taken', (port: string) => ['--memory', '--rest-port', port], 1, /taken/],
    ['a port that is none', () => ['--memory', '--rest-port', '70000'], 2, /whole number from 0 to 65535/],
    ['an unknown flag', () => ['--colour'], 2, /--colour/],
    ['two places for the data', () => ['--memory', '--data', 'x'], 2, /exclude/],
    ['an address that this machine has not', () => ['--memory', '--host', '203.0.113.7'], 1, /--host/],
  ])(
    '%s ends it with a message that says what to do',
    async (_what, args, code, message) => {
      const first = await started('--memory');
      const outcome = await ended(run(...args(new URL(first.restUrl).port)));
      expect(outcome.code).toBe(code);
      expect(outcome.output).toMatch(message);
    },
    60_000,
  );

  test('a data folder that is a file is refused, by name', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'x');
    const { code, output } = await ended(run('--data', file, '--rest-port', '0'));
    expect(code).toBe(1);
    expect(output).toContain(file);
  }, 60_000);
});
