import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { StoreError } from '../store-error.ts';

/**
 * One process owns a data folder. Node has no `flock`, and a file with a process id in it lies after a crash
 * or in another container, so a claim is a listening Unix socket in the folder: the system closes it when its
 * process ends, however it ends, and whoever can see the folder can ask whether it still listens. Each claim
 * has a name of its own, and gets it only once it listens; so a name that does not answer is dead for ever
 * and may be removed. Everybody claims first and looks around then: of two that come at once at least one
 * sees the other. Both may step back, so they try again after a random pause. (It guards one machine; LMDB
 * cannot be shared between machines anyway.)
 */
export type OwnerLock = { release(): Promise<void> };

const triesMax = 8;
const pauseMsMax = 100;
/** A socket's path has room for 104 bytes, or a few more. */
const socketPathBytesMax = 100;

/** Throws a `StoreError` (unavailable) that names the folder and the process when another one owns it. */
export async function takeOwnership(
  folder: string,
  claims: string,
  clock: Clock,
  random: Random,
): Promise<OwnerLock> {
  await mkdir(claims, { recursive: true });
  for (let tries = 1; ; tries++) {
    const claim = await makeClaim(claims, random);
    const other = await findLiveClaim(claims, claim.name);
    if (other === undefined) return claim;
    await claim.release();
    if (tries === triesMax) {
      const owner = /^(\d+)-/.exec(other)?.[1] ?? 'unknown';
      const advice = 'Stop it first, or give this one another folder.';
      throw new StoreError(
        'unavailable',
        `the data folder ${folder} is in use by process ${owner}. ${advice}`,
      );
    }
    await clock.sleep(1 + random.next() * pauseMsMax);
  }
}

async function makeClaim(claims: string, random: Random): Promise<OwnerLock & { name: string }> {
  const name = `${process.pid}-${Buffer.from(random.bytes(8)).toString('hex')}`;
  const server = createServer((socket) => socket.destroy());
  server.unref();
  await withShortPath(claims, (short) => listen(server, join(short, `.${name}`)));
  await rename(join(claims, `.${name}`), join(claims, name));
  const release = async (): Promise<void> => {
    await rm(join(claims, name), { force: true });
    await new Promise((resolve) => server.close(resolve));
  };
  return { name, release };
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });

/** The name of another claim that listens; removes those that do not. */
async function findLiveClaim(claims: string, own: string): Promise<string | undefined> {
  for (const name of await readdir(claims)) {
    // With a dot: about to be claimed, or left by a process that died just then.
    if (name === own || name.startsWith('.')) continue;
    const isAlive = await withShortPath(claims, (short) => isListening(join(short, name)));
    if (isAlive) return name;
    await rm(join(claims, name), { force: true });
  }
  return undefined;
}

/** Whether a process listens there; one that we may not ask counts. */
const isListening = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });

/** Calls with the folder's path, or with another path to it that is short enough for sockets. */
async function withShortPath<T>(folder: string, call: (path: string) => Promise<T>): Promise<T> {
  const longestName = 40;
  if (Buffer.byteLength(folder) + longestName <= socketPathBytesMax) return call(folder);
  if (process.platform !== 'linux') {
    throw new StoreError('unavailable', `the path of the data folder is too long: ${folder}`);
  }
  const handle = await open(folder, 'r');
  try {
    return await call(`/proc/self/fd/${handle.fd}`);
  } finally {
    await handle.close();
  }
}
