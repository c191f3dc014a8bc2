import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Installs the AWS emulator into .cache/ministack-venv, once for each version.

const version = '1.5.33';
const cache = join(dirname(fileURLToPath(import.meta.url)), '../../.cache');
const folder = join(cache, 'ministack-venv');
const stamp = join(folder, 'installed-version');

function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  rmSync(folder, { recursive: true, force: true });
  process.stderr.write(
    `\nMiniStack ${version} was not installed: ${error?.message ?? `${command} ended with ${status}`}. ` +
      'It needs Python 3.10 or newer with venv (Debian: python3-venv) and a way to PyPI.\n',
  );
  process.exit(1);
}

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== version) {
  mkdirSync(cache, { recursive: true });
  rmSync(folder, { recursive: true, force: true });
  run('python3', ['-m', 'venv', folder]);
  run(join(folder, 'bin/pip'), [
    'install',
    '--quiet',
    '--disable-pip-version-check',
    `ministack==${version}`,
  ]);
  writeFileSync(stamp, version);
}
