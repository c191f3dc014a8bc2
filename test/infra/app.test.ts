import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outdir = mkdtempSync(join(tmpdir(), 'millrace-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** Runs the app as the CDK does, in a process without credentials, account, region or network. */
function synth(context: Record<string, string> = {}): { status: number | null; stderr: string } {
  const clean = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_)/.test(name));
  const all = { ...context, 'aws:cdk:disable-asset-staging': true };
  const env = {
    ...Object.fromEntries(clean),
    CDK_OUTDIR: outdir,
    CDK_CONTEXT_JSON: JSON.stringify(all),
    HOME: outdir,
  };
  const noNetwork = join(root, 'test/infra/no-network.mjs');
  const args = ['--import', noNetwork, '--import', 'tsx', 'infra/app.ts'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return { status, stderr };
}

describe('the app behind cdk deploy', () => {
  test('needs neither network nor account', () => {
    expect(synth()).toEqual({ status: 0, stderr: '' });
    const manifest = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts.Millrace.environment).toBe('aws://unknown-account/unknown-region');
    const { minimumCliVersion } = manifest;
    expect(manifest.missing).toBeUndefined();
    expect(minimumCliVersion ?? '2').toMatch(/^2/);
  });

  test('takes the form of the door and the name of the stack from its context', () => {
    expect(synth({ api: 'functionUrl', stack: 'Shop' }).status).toBe(0);
    const template = readFileSync(join(outdir, 'Shop.template.json'), 'utf8');
    expect(template).toContain('AWS::Lambda::Url');
  });

  test.each([
    [{ api: 'soap' }, 'must be one of http, rest, functionUrl'],
    [{ recoveryDays: '90' }, 'from 1 to 35'],
    [{ existingTable: 'kept' }, 'belong together'],
  ])('refuses %j and says why', (context, message) => {
    const { status, stderr } = synth(context as Record<string, string>);
    expect(status).not.toBe(0);
    expect(stderr).toContain(message);
  });

  test('cdk.json runs it, after it has installed what is missing', () => {
    const { app } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
    expect(app).toBe('node local/ensure-installed.mjs all && node --import tsx infra/app.ts');
  });
});
