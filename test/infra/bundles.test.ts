import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { bundleFunctions, nativePackages } from '../../infra/bundle.ts';
import { bundleNames } from '../../shared/runtime/settings.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const outDir = join(root, 'dist/functions');
const bundles = bundleFunctions(root, outDir);

/** Bytes that a cold start reads and compiles; measured in November 2026, plus a tenth. */
const sizeBytesMax = { doors: 900_000, jobs: 640_000 };

describe.each(bundles)('the bundle of $name', ({ name, inputs, imports, sizeBytes }) => {
  const folder = join(outDir, name);
  const files = readdirSync(folder);

  test('is JavaScript and WebAssembly, without a native module', () => {
    expect(files).toContain('index.mjs');
    expect(files.filter((file) => !/\.(mjs|mjs\.map|wasm)$/.test(file))).toEqual([]);
  });

  test('has nothing of a package that brings a native module', () => {
    const native = nativePackages.filter((native) =>
      inputs.some((path) => path.includes(`node_modules/${native}/`)),
    );
    expect(native).toEqual([]);
    const code = files
      .filter((file) => file.endsWith('.mjs'))
      .map((file) => readFileSync(join(folder, file), 'utf8'));
    for (const text of code)
      expect(text).not.toMatch(/require\("(lmdb|snappy|lz4-napi|@node-rs\/crc32)"\)|\.node"/);
  });

  test('imports nothing but modules of Node', () => {
    const foreign = imports.filter((path) => !path.startsWith('node:') && !nodeModules.has(path));
    expect(foreign).toEqual([]);
  });

  test('is not larger than it was', () => {
    const isDoor = ['produce', 'fetch', 'rest', 'control'].includes(name);
    expect(sizeBytes).toBeLessThan(isDoor ? sizeBytesMax.doors : sizeBytesMax.jobs);
  });
});

const nodeModules = new Set((await import('node:module')).builtinModules);

test('there is one for every function', () => {
  expect(bundles.map(({ name }) => name)).toEqual([...bundleNames]);
});
