import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'dist', 'gateway');

/** Packages with a prebuilt native module: the image installs what fits its own machine. */
const installed = ['@node-rs/crc32'] as const;

const dockerfile = `FROM public.ecr.aws/docker/library/node:24-slim
WORKDIR /gateway
COPY package.json ./
RUN npm install --omit=dev --no-audit --no-fund && npm cache clean --force
COPY . ./
USER node
EXPOSE 9092
ENTRYPOINT ["node", "--initial-old-space-size=128", "--min-semi-space-size=8", "main.mjs"]
`;

/**
 * The folder of which the gateway's image is made, with its Dockerfile. In a clone it is made anew; the npm
 * package carries it. Docker itself is needed only where the image is built: when the stack is deployed.
 */
export function gatewayImageFolder(): string {
  if (existsSync(join(root, 'gateway', 'main.ts'))) buildGatewayImage();
  if (!existsSync(join(folder, 'main.mjs')))
    throw new Error(`no gateway in ${folder}: run npm run build:package`);
  return folder;
}

/** One file with everything but native modules. What would not change is left alone. */
export function buildGatewayImage(): void {
  const esbuild = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const { outputFiles } = esbuild.buildSync({
    absWorkingDir: root,
    entryPoints: { main: join(root, 'gateway', 'main.ts') },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    external: [...installed],
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
    banner: { js: banner },
    logLevel: 'error',
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of outputFiles) replace(path, text);
  replace(join(folder, 'Dockerfile'), dockerfile);
  replace(join(folder, 'package.json'), manifest());
}

/** CommonJS packages ask for Node's modules by `require` and for their folder; an ES module has neither. */
const banner = [
  "import { createRequire as newRequire } from 'node:module';",
  'const require = newRequire(import.meta.url);',
  'const __dirname = import.meta.dirname;',
].join('');

function manifest(): string {
  const { version, dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = Object.fromEntries(installed.map((name) => [name, dependencies[name]]));
  const all = { name: 'millrace-gateway', version, private: true, type: 'module', dependencies: wanted };
  return `${JSON.stringify(all, null, 2)}\n`;
}

function replace(path: string, text: string): void {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}
