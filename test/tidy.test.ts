import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { report, violationsOf } from './tidy/rules.ts';
import { filesOf, isCode, root } from './tidy/sources.ts';

const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const rooms = ['shared', 'functions', 'gateway', 'local', 'cli', 'infra', 'test', 'examples', 'bench'];

/** What dependency-cruiser says of the rooms in `folder`, by the import table. */
function cruise(folder: string): { status: number | null; said: string } {
  const present = rooms.filter((room) => existsSync(join(folder, room)));
  const args = [cruiser, '--config', '.dependency-cruiser.cjs', ...present];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** A folder with the import table and a few files, removed after `use`. */
function withFiles(files: Readonly<Record<string, string>>, use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-rooms-'));
  try {
    for (const name of ['layers.cjs', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'])
      cpSync(join(root, name), join(folder, name));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the house', () => {
  test('every source file keeps to the rules of CONTRIBUTING.md', () => {
    const files = filesOf(isCode);
    expect(files.length, 'files looked at').toBeGreaterThan(100);
    expect(report(files.flatMap(violationsOf))).toBe('');
  });

  test('rooms import only what the table of layers.cjs allows', () => {
    const { status, said } = cruise(root);
    expect(status, said).toBe(0);
  }, 120_000);

  test('an import that the table does not name is refused', () => {
    const files = {
      'shared/rest/app.ts': 'export const app = 1;\n',
      'shared/log/append.ts': "import { app } from '../rest/app.ts';\nexport const append = app;\n",
      'shared/records/record.ts': "import net from 'node:net';\nexport const record = net;\n",
    };
    withFiles(files, (folder) => {
      const { status, said } = cruise(folder);
      expect(status).not.toBe(0);
      expect(said).toContain('shared/log -> allowed rooms only');
      expect(said).toContain('pure rooms do no I/O');
    });
  }, 60_000);

  test('nothing in the repository names the machine it was written on', () => {
    const folders = ['work', 'root', 'home', 'Users'].map((name) => `/${name}/`);
    const places = new RegExp(`(?<![\\w.$}/-])(${folders.join('|')})[a-z]`);
    const found = filesOf((path) => !path.endsWith('.png'))
      .flatMap(({ path, text }) =>
        text.split('\n').map((line, place) => `${path}:${place + 1}: ${line.trim()}`),
      )
      .filter((line) => places.test(line.slice(line.indexOf(': '))));
    expect(found).toEqual([]);
  });

  test('package-lock.json and .npmrc name no registry, so that any may serve the packages', () => {
    const [lock] = filesOf((path) => path === 'package-lock.json');
    const [npmrc] = filesOf((path) => path === '.npmrc');
    expect(lock?.text).not.toMatch(/"resolved":/);
    expect(npmrc?.text).not.toMatch(/registry\s*=/);
  });
});
