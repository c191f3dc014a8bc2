import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functionNames } from '../../shared/runtime/settings.ts';
import { root } from '../tidy/sources.ts';

const modules = join(root, 'node_modules');
let folder: string;
let packed: string[];

/** Runs npm; its answer is what it says on standard output. */
function npm(args: readonly string[], cwd: string): string {
  const entry = process.env.npm_execpath;
  const [command, ...first] = entry ? [process.execPath, entry] : ['npm'];
  return execFileSync(command as string, [...first, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64_000_000,
  });
}

/** Runs a program that stands in the user's folder. */
function run(name: string, code: string): string {
  writeFileSync(join(folder, name), code);
  const { status, stdout, stderr } = spawnSync(process.execPath, [name], { cwd: folder, encoding: 'utf8' });
  expect(status, `${stdout}${stderr}`).toBe(0);
  return stdout;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  const [tarball] = JSON.parse(
    npm(['pack', '--json', '--pack-destination', folder], root).replace(/^[^[]*/, ''),
  );
  packed = tarball.files.map(({ path }: { path: string }) => path);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'user', private: true, type: 'module' }),
  );
  npm(['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball.filename)], folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the npm package', () => {
  test('carries what users run, its licence and nothing else', () => {
    const allowed = /^(dist\/.*|cli\/run\.mjs|package\.json|README\.md|LICENSE)$/;
    expect(packed.filter((path) => !allowed.test(path))).toEqual([]);
    expect(packed).toContain('LICENSE');
    for (const name of functionNames) expect(packed).toContain(`dist/functions/${name}/index.mjs`);
    expect(packed.filter((path) => /\.(node|map)$/.test(path))).toEqual([]);
  });

  test('installs without the CDK and without the AWS SDK', () => {
    const installed = readdirSync(join(folder, 'node_modules'));
    expect(installed).toContain('millrace');
    for (const name of ['aws-cdk-lib', 'constructs', '@aws-sdk', 'vitest', 'typescript'])
      expect(installed).not.toContain(name);
  });

  test('starts in memory, takes a record over HTTP, gives it back and ends by itself', () => {
    const said = run('in-memory.mjs', inMemory);
    const { values, startMs, stopMs } = JSON.parse(said);
    expect(values).toEqual([{ miles: 1797 }]);
    expect(startMs, 'milliseconds to start').toBeLessThan(1_000);
    expect(stopMs, 'milliseconds to stop').toBeLessThan(1_000);
  });

  test('keeps in a folder what a former process was told', () => {
    expect(JSON.parse(run('on-disk.mjs', onDisk))).toEqual(['first', 'second']);
  });

  test('`npx millrace` serves, makes a topic and gives a record back, and its AWS part is inside', async () => {
    const millrace = (url: string, input: string, ...args: string[]) =>
      spawnSync('npx', ['--no-install', 'millrace', ...args], {
        cwd: folder,
        encoding: 'utf8',
        input,
        env: { ...process.env, MILLRACE_URL: url, AWS_EC2_METADATA_DISABLED: 'true' },
      });
    const bin = join(folder, 'node_modules/.bin/millrace');
    const args = ['serve', '--memory', '--rest-port', '0', '--kafka-port', '0'];
    const server = spawn(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [ready] = await once(server.stdout, 'data');
      const url = /rest=(\S+)/.exec(String(ready))?.[1] ?? '';
      expect(millrace(url, '', 'topics', 'create', 'orders').stdout).toContain('orders made');
      expect(millrace(url, 'tea\n', 'produce', 'orders').status).toBe(0);
      expect(millrace(url, '', 'consume', 'orders', '-e').stdout).toBe('tea\n');
    } finally {
      server.kill('SIGTERM');
    }
    const unsigned = millrace('https://a.execute-api.eu-west-1.amazonaws.com', '', 'topics', 'list');
    expect(unsigned.stderr).toContain('No credentials of AWS can be found');
    expect(millrace('', '', 'gateway', '--help').stdout).toContain('millrace gateway [options]');
  });

  test('its declarations satisfy a strict compiler', () => {
    const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', types: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    writeFileSync(join(folder, 'typed.ts'), typed);
    const compiler = [join(modules, 'typescript/bin/tsc'), '-p', '.'];
    const { status, stdout } = spawnSync(process.execPath, compiler, { cwd: folder, encoding: 'utf8' });
    expect(status, stdout).toBe(0);
  });

  test('`millrace/cdk` synthesizes inside an app that has no bundler', () => {
    for (const name of ['aws-cdk-lib', 'constructs'])
      symlinkSync(join(modules, name), join(folder, 'node_modules', name), 'dir');
    const handlers = JSON.parse(run('app.mjs', app));
    expect(handlers.filter((handler: string) => handler.startsWith('index.')).length).toBeGreaterThanOrEqual(
      functionNames.length,
    );
    const assets = readdirSync(join(folder, 'cdk.out')).filter((name) => name.startsWith('asset.'));
    const bundles = assets.filter((name) => existsSync(join(folder, 'cdk.out', name, 'index.mjs')));
    expect(bundles.length, 'folders with a bundle').toBeGreaterThan(0);
  });
});

const inMemory = `
import { start } from 'millrace';
const begun = process.hrtime.bigint();
const ms = (since) => Number(process.hrtime.bigint() - since) / 1e6;
const log = await start();
const startMs = ms(begun);
const call = async (path, options) => {
  const answer = await fetch(log.restUrl + path, options);
  if (!answer.ok) throw new Error(path + ': ' + answer.status + ' ' + (await answer.text()));
  return answer.json();
};
const json = (body) => ({
  method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body),
});
const { data } = await call('/v3/clusters');
await call('/v3/clusters/' + data[0].cluster_id + '/topics', json({ topic_name: 'flights' }));
await call('/topics/flights', json({ records: [{ value: { miles: 1797 } }] }));
const records = await call('/topics/flights/partitions/0/records?offset=earliest', {
  headers: { accept: 'application/vnd.kafka.json.v2+json' },
});
const stopping = process.hrtime.bigint();
await log.stop();
console.log(JSON.stringify({ values: records.map(({ value }) => value), startMs, stopMs: ms(stopping) }));
`;

const onDisk = `
import { start } from 'millrace';
const json = { 'content-type': 'application/json' };
const values = [];
for (const value of ['first', 'second']) {
  const log = await start({ data: './data' });
  const { data } = await (await fetch(log.restUrl + '/v3/clusters')).json();
  const topics = log.restUrl + '/v3/clusters/' + data[0].cluster_id + '/topics';
  await fetch(topics, { method: 'POST', headers: json, body: '{"topic_name":"t"}' });
  const body = JSON.stringify({ records: [{ value }] });
  const produced = await fetch(log.restUrl + '/topics/t', { method: 'POST', headers: json, body });
  if (!produced.ok) throw new Error(await produced.text());
  await produced.body.cancel();
  const read = await fetch(log.restUrl + '/topics/t/partitions/0/records?offset=earliest', {
    headers: { accept: 'application/vnd.kafka.json.v2+json' },
  });
  values.splice(0, values.length, ...(await read.json()).map((record) => record.value));
  await log.stop();
}
console.log(JSON.stringify(values));
`;

const typed = `
import { type Running, type StartOptions, start } from 'millrace';
const options: StartOptions = { data: './data', restPort: 0 };
export const running: Promise<Running> = start(options);
export const url: Promise<string> = running.then((log) => log.restUrl);
`;

const app = `

import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Millrace } from 'millrace/cdk';
const app = new App({ outdir: 'cdk.out' });
const stack = new Stack(app, 'Shop');
const log = new Millrace(stack, 'Log', { removal: 'destroy' });
const till = new Role(stack, 'Till', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
log.grantProduce(till, 'orders');
const template = app.synth().getStackByName('Shop').template;
const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
console.log(JSON.stringify(functions.map(({ Properties }) => Properties.Handler)));
`;
