import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import type { Metafile, OutputFile } from 'esbuild';
import { type BundleName, bundleNames } from '../shared/runtime/settings.ts';

/**
 * Packages with a native module: functions run on arm64, on an emulator's x86 host and in LocalStack alike.
 */
export const nativePackages = ['lmdb', '@node-rs/crc32', 'snappy', 'lz4-napi'] as const;

export type Bundle = {
  readonly name: BundleName;
  /** What a cold start loads: the entry and what it imports at once. */
  readonly sizeBytes: number;
  /** Paths of all modules inside, as esbuild names them. */
  readonly inputs: readonly string[];
  /** Packages and modules of Node that are imported and not inside. */
  readonly imports: readonly string[];
};

/** zstd as WebAssembly, read beside the bundle by a Node whose own zlib has no zstd. */
const wasmFile = 'node_modules/@bokuweb/zstd-wasm/dist/common/zstd.wasm';

/** CommonJS packages ask for Node's modules by `require` and for their folder; an ES module has neither. */
export const commonJsBanner = [
  "import { createRequire as newRequire } from 'node:module';",
  'const require = newRequire(import.meta.url);',
  'const __dirname = import.meta.dirname;',
].join('');

/**
 * Bundles every function into `<outDir>/<name>/index.mjs`, and answers what is inside. Files that would not
 * change are left alone and others are replaced in one step, so that several processes may do this at once.
 */
export function bundleFunctions(root: string, outDir: string): Bundle[] {
  // Loaded here, because users of the npm package have ready bundles and no esbuild.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  return bundleNames.map((name) => {
    const result = esbuild.buildSync({
      absWorkingDir: root,
      entryPoints: { index: join(root, 'functions', `${name}.ts`) },
      outdir: join(outDir, name),
      outExtension: { '.js': '.mjs' },
      chunkNames: 'chunk-[hash]',
      write: false,
      bundle: true,
      // What is imported only when it is needed is loaded only then.
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // The ES modules of the AWS SDK are a third smaller than its CommonJS, and load faster.
      mainFields: ['module', 'main'],
      minify: true,
      sourcemap: 'external',
      metafile: true,
      legalComments: 'none',
      banner: { js: commonJsBanner },
      logLevel: 'error',
    });
    const folder = join(outDir, name);
    writeFiles(folder, result.outputFiles);
    copyFileSync(join(root, wasmFile), join(folder, basename(wasmFile)));
    return { name, ...describe(result.metafile) };
  });
}

function describe({ inputs, outputs }: Metafile): Omit<Bundle, 'name'> {
  const entry = Object.keys(outputs).find((path) => path.endsWith('/index.mjs')) ?? '';
  const atOnce = new Set<string>();
  const visit = (path: string): void => {
    if (atOnce.has(path)) return;
    atOnce.add(path);
    for (const { path: next, kind } of outputs[path]?.imports ?? [])
      if (kind !== 'dynamic-import') visit(next);
  };
  visit(entry);
  const imports = Object.values(outputs).flatMap((output) =>
    output.imports.filter(({ external }) => external),
  );
  return {
    sizeBytes: [...atOnce].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0),
    inputs: Object.keys(inputs),
    imports: [...new Set(imports.map(({ path }) => path))],
  };
}

function writeFiles(folder: string, files: readonly OutputFile[]): void {
  mkdirSync(folder, { recursive: true });
  const kept = new Set([...files.map(({ path }) => basename(path)), basename(wasmFile)]);
  for (const file of files) replaceIfChanged(file);
  const isStale = (name: string): boolean => /\.mjs(\.map)?$/.test(name) && !kept.has(name);
  for (const name of readdirSync(folder).filter(isStale)) rmSync(join(folder, name), { force: true });
}

function replaceIfChanged(file: OutputFile): void {
  if (existsSync(file.path) && readFileSync(file.path).equals(file.contents)) return;
  const fresh = `${file.path}.${process.pid}`;
  writeFileSync(fresh, file.contents);
  renameSync(fresh, file.path);
}
