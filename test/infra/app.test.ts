import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { propsOfContext } from '../../infra/context.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outdir = mkdtempSync(join(tmpdir(), 'millrace-synth-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** Runs the app as the CDK does, in a process without credentials, account, region or network. */
function synth(context: Record<string, string>): { status: number | null; stderr: string } {
  const clean = Object.entries(process.env).filter(([name]) => !/^(AWS_|CDK_)/.test(name));
  const CDK_CONTEXT_JSON = JSON.stringify({ ...context, 'aws:cdk:disable-asset-staging': true });
  const env = { ...Object.fromEntries(clean), CDK_OUTDIR: outdir, CDK_CONTEXT_JSON, HOME: outdir };
  const noNetwork = join(root, 'test/infra/no-network.mjs');
  const args = ['--import', noNetwork, '--import', 'tsx', 'infra/app.ts'];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8' });
  return { status, stderr };
}

describe('the app behind cdk deploy', () => {
  test('needs neither network nor account, and goes by its context', () => {
    expect(synth({ api: 'functionUrl', stack: 'Shop' })).toEqual({ status: 0, stderr: '' });
    const manifest = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    expect(manifest.artifacts.Shop.environment).toBe('aws://unknown-account/unknown-region');
    expect(manifest.missing).toBeUndefined();
    expect(readFileSync(join(outdir, 'Shop.template.json'), 'utf8')).toContain('AWS::Lambda::Url');
  });

  test('cdk.json runs it, after it has installed what is missing', () => {
    const { app } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8'));
    expect(app).toBe('node local/ensure-installed.mjs all && node --import tsx infra/app.ts');
  });
});

describe('the context', () => {
  const props = (context: Record<string, string>) => propsOfContext((name) => context[name]);

  test('says nothing: the defaults of the construct', () => {
    expect(props({})).toEqual({});
  });

  test('chooses the door, what stays, and what is taken over', () => {
    const existing = { existingTable: 't', existingBucket: 'b' };
    expect(
      props({ api: 'rest', recoveryDays: '35', corsOrigins: 'https://a.example,https://b.example' }),
    ).toEqual({
      api: 'rest',
      recoveryDays: 35,
      corsOrigins: ['https://a.example', 'https://b.example'],
    });
    expect(props({ removal: 'destroy' })).toEqual({ removal: 'destroy' });
    expect(props(existing)).toEqual({ existing: { tableName: 't', bucketName: 'b' } });
  });

  test.each([
    [{ api: 'soap' }, 'must be one of http, rest, functionUrl'],
    [{ removal: 'maybe' }, 'must be one of retain, destroy'],
    [{ existingTable: 'kept' }, 'belong together'],
  ])('%j is refused with what is wrong', (context, message) => {
    expect(() => props(context as Record<string, string>)).toThrow(message);
  });
});
