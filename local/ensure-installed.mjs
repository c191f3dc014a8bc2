// Installs what is missing before a script runs, so that a fresh clone needs nothing but Node and npm.
// `node local/ensure-installed.mjs runtime` looks for what running needs, `all` for the development tools
// too. Plain JavaScript without imports of packages: nothing is installed yet when it runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));

const { dependencies, devDependencies, engines } = readJson('package.json');
const { packages } = readJson('package-lock.json');

function fail(message) {
  process.stderr.write(`millrace: ${message}\n`);
  process.exit(1);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${engines.node} is needed, this is ${process.versions.node}: install a newer one from nodejs.org.`,
  );
}

/** Installed, and of the version that the lock file names. */
function isInstalled(name) {
  const path = `node_modules/${name}`;
  const file = join(path, 'package.json');
  return existsSync(join(root, file)) && readJson(file).version === packages[path]?.version;
}

/** Installs what is missing of `what`: `runtime` for running Millrace, `all` for developing it. */
export function ensureInstalled(what) {
  const wantsAll = what !== 'runtime';
  const wanted = Object.keys({ ...dependencies, ...(wantsAll ? devDependencies : {}) });
  if (wanted.every(isInstalled)) return;
  const purpose = wantsAll ? 'what developing needs' : 'what running needs';
  process.stderr.write(`millrace: installing ${purpose} (once, from the npm registry) …\n`);
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const args = [...npm.slice(1), 'ci', ...(wantsAll ? [] : ['--omit=dev']), '--no-audit', '--no-fund'];
  // npm's own output goes to standard error: standard output belongs to the script that runs next.
  const isWindows = process.platform === 'win32';
  const { status } = spawnSync(npm[0], args, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows });
  if (status !== 0) fail('npm ci failed: see above. Is the npm registry reachable?');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureInstalled(process.argv[2]);
