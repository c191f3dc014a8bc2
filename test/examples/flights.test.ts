import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Running, start } from '../../local/start.ts';
import { readBatchHeader } from '../../shared/records/record-batch.ts';
import { isRolledObject } from '../../shared/storage/objects/object-keys.ts';
import { root } from '../tidy/sources.ts';

type Report = { flights: number; airports: number; partitions: number; violations: string[] };
type Ended = { code: number | null; report: Report | undefined; said: string };

let broker: Running;
let folder: string;

/** Runs the example as a user does; `report` is what it printed with `--json`. */
function runFlights(address: string, ...options: string[]): Promise<Ended> {
  const args = ['--import', 'tsx', 'examples/flights.ts', address, '--json', ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let [printed, said] = ['', ''];
  child.stdout.on('data', (bytes) => (printed += bytes));
  child.stderr.on('data', (bytes) => (said += bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, report: printed === '' ? undefined : JSON.parse(printed), said }),
    );
  });
}

/** Records in the segment objects that rolls have written into the data folder. */
function rolledRecords(): number {
  const isObject = (path: string): boolean => isRolledObject(path) && path.endsWith('.log');
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isObject);
  let records = 0;
  for (const name of names) {
    const bytes = readFileSync(join(folder, name));
    for (let position = 0; position < bytes.length; ) {
      const { recordCount, sizeBytes } = readBatchHeader(bytes, position);
      records += recordCount;
      position += sizeBytes;
    }
  }
  return records;
}

type Produced = { records: { key: string; value: { number: number } }[] };

/** A door that passes everything on to the broker, except that it tampers with what is produced. */
async function withTamper(
  tamper: (body: Produced) => Produced,
  use: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks).toString();
    const isProduce = request.method === 'POST' && request.url?.startsWith('/topics/');
    const answer = await fetch(`${broker.restUrl}${request.url}`, {
      method: request.method ?? 'GET',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        accept: request.headers.accept ?? '',
      },
      ...(sent === '' ? {} : { body: isProduce ? JSON.stringify(tamper(JSON.parse(sent))) : sent }),
    });
    let text = await answer.text();
    if (isProduce && answer.ok) {
      // The example counts the answers: it shall believe that all is well.
      const { offsets } = JSON.parse(text);
      const wanted = (JSON.parse(sent) as Produced).records.length;
      text = JSON.stringify({
        offsets: Array.from({ length: wanted }, (_, at) => offsets[at] ?? offsets[0]),
      });
    }
    response.writeHead(answer.status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-flights-'));
  broker = await start({ data: folder });
});

afterAll(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the flights example (I12)', () => {
  test('20,000 flights come back once, each airport in one partition and in order', async () => {
    const { code, report, said } = await runFlights(broker.restUrl);
    expect(code, said).toBe(0);
    expect(report).toMatchObject({ flights: 20_000, airports: 220, partitions: 6, violations: [] });
  }, 120_000);

  test('read again when most of it lies in segments, it is the same', async () => {
    await expect.poll(rolledRecords, { timeout: 30_000, interval: 100 }).toBeGreaterThan(15_000);
    const { code, report, said } = await runFlights(broker.restUrl, '--read-only');
    expect(code, said).toBe(0);
    expect(report).toMatchObject({ flights: 20_000, violations: [] });
  }, 120_000);

  test('a second run reads only what it sent itself', async () => {
    const { code, report, said } = await runFlights(broker.restUrl, '--limit', '200', '--callers', '3');
    expect(code, said).toBe(0);
    expect(report).toMatchObject({ flights: 200, violations: [] });
  }, 60_000);

  const last = ({ records }: Produced) => records.slice(0, -1);
  test.each<[string, (body: Produced) => Produced, RegExp]>([
    ['a lost flight', (body) => ({ records: last(body) }), /flights were sent, \d+ came back/],
    [
      'a doubled flight',
      (body) => ({ records: [...body.records, ...body.records.slice(0, 1)] }),
      /came back/,
    ],
    ['flights in another order', (body) => ({ records: [...body.records].reverse() }), /was sent as number/],
    [
      'an airport in two partitions',
      (body) => ({ records: body.records.map((record, at) => ({ ...record, partition: at % 6 })) }),
      /lies in partitions/,
    ],
    [
      'an altered flight',
      ({ records }) => ({ records: records.map((record) => ({ ...record, value: { number: 7 } })) }),
      /was sent as number/,
    ],
  ])(
    '%s is noticed',
    async (name, tamper, violation) => {
      await withTamper(tamper, async (address) => {
        const topic = name.replaceAll(' ', '-');
        const { code, report, said } = await runFlights(address, '--limit', '400', '--topic', topic);
        expect(code, said).toBe(1);
        expect(report?.violations.join('\n')).toMatch(violation);
      });
    },
    60_000,
  );

  test('an address where nothing listens is said so', async () => {
    const { code, said } = await runFlights('http://127.0.0.1:9');
    expect(code).toBe(1);
    expect(said).toMatch(/flights: .+/);
  }, 60_000);
});
