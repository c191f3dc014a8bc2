import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { BuildResult, OutputFile } from 'esbuild';
import { type FunctionName, functionNames } from '../shared/runtime/settings.ts';

/** Packages with a native module: functions run on arm64, on an emulator's x86 host and in LocalStack alike. */
export const nativePackages = ['lmdb', '@node-rs/crc32', 'snappy', 'lz4-napi'] as const;

export type Bundle = {
  readonly name: FunctionName;
  readonly sizeBytes: number;
  /** Paths of all modules inside, as esbuild names them. */
  readonly inputs: readonly string[];
};

/**
 * Bundles every function into `<outDir>/<name>/index.mjs`, and answers what is inside. Files that would not change are
 * left alone and others are replaced in one step, so that several processes may do this at once.
 */
export function bundleFunctions(root: string, outDir: string): Bundle[] {
  // Loaded here, because users of the npm package have ready bundles and no esbuild.
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  return functionNames.map((name) => {
    const result = esbuild.buildSync({
      absWorkingDir: root,
      entryPoints: { index: join(root, 'functions', `${name}.ts`) },
      outdir: join(outDir, name),
      outExtension: { '.js': '.mjs' },
      write: false,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      // The ES modules of the AWS SDK are a third smaller than its CommonJS, and load faster.
      mainFields: ['module', 'main'],
      minify: true,
      keepNames: false,
      sourcemap: 'external',
      metafile: true,
      legalComments: 'none',
      // CommonJS packages ask for Node's modules by `require`, which an ES module does not have.
      banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
      logLevel: 'error',
    });
    return written(name, result, outDir);
  });
}

function written(name: FunctionName, result: BuildResult, outDir: string): Bundle {
  const files = result.outputFiles ?? [];
  mkdirSync(join(outDir, name), { recursive: true });
  for (const file of files) replaceIfChanged(file);
  const sizeBytes = files.find((file) => file.path.endsWith('index.mjs'))?.contents.length ?? 0;
  return { name, sizeBytes, inputs: Object.keys(result.metafile?.inputs ?? {}) };
}

function replaceIfChanged(file: OutputFile): void {
  if (existsSync(file.path) && readFileSync(file.path).equals(file.contents)) return;
  const fresh = `${file.path}.${process.pid}`;
  writeFileSync(fresh, file.contents);
  renameSync(fresh, file.path);
}
