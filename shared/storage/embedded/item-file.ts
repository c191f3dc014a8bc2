import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreError } from '../store-error.ts';

/** LMDB's two meta pages, at the begin of the file; each says where one of the two newest trees is. */
const metaPages = 2;
const magic = 0xbeefc0de;
const dataVersion = 2;
/** Positions within a meta page of the data format above. */
const at = { magic: 24, version: 28, pageSize: 48, freeTree: 48, mainTree: 96, transaction: 152 };
/** Within what a meta page says of a tree: counts of its pages by kind, and the number of its root page. */
const tree = { branchPages: 8, leafPages: 16, overflowPages: 24, root: 40 };
const noPage = 2n ** 64n - 1n;

/**
 * Looks whether LMDB could open the file: the binding would end the process instead of saying that it cannot,
 * and so does a read of a page that a cut file lacks. No file, or an empty one, is fine: it is to be made.
 * Throws a `StoreError` (unavailable), or what the system says.
 */
export function checkItemFile(path: string, pageSize: number): void {
  let file: number;
  try {
    file = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return;
    const metas = Buffer.alloc(metaPages * pageSize);
    const read = readSync(file, metas, 0, metas.length, 0);
    const problem = read < metas.length ? 'it is cut off' : problemIn(metas, pageSize, size);
    if (problem !== undefined) {
      throw new StoreError('unavailable', `${path} is damaged: ${problem}. Restore it from a backup.`);
    }
  } finally {
    closeSync(file);
  }
}

function problemIn(metas: Buffer, pageSize: number, fileBytes: number): string | undefined {
  const pages = Array.from({ length: metaPages }, (_, page) =>
    metas.subarray(page * pageSize, (page + 1) * pageSize),
  );
  for (const page of pages) {
    if (page.readUInt32LE(at.magic) !== magic) return 'it does not begin as a file of LMDB';
    if ((page.readUInt32LE(at.version) & 0xffff) !== dataVersion) return 'it is of another version of LMDB';
    if (page.readUInt32LE(at.pageSize) !== pageSize) return `its pages are not of ${pageSize} bytes`;
  }
  const newest = pages.reduce((a, b) =>
    b.readBigUInt64LE(at.transaction) > a.readBigUInt64LE(at.transaction) ? b : a,
  );
  return holdsTrees(newest, BigInt(Math.ceil(fileBytes / pageSize))) ? undefined : 'its end is missing';
}

/** A file may lack pages at its end that are free, but never so many that those in use do not fit. */
function holdsTrees(meta: Buffer, filePages: bigint): boolean {
  let used = BigInt(metaPages);
  for (const begin of [at.freeTree, at.mainTree]) {
    for (const count of [tree.branchPages, tree.leafPages, tree.overflowPages]) {
      used += meta.readBigUInt64LE(begin + count);
    }
    const root = meta.readBigUInt64LE(begin + tree.root);
    if (root !== noPage && root >= filePages) return false;
  }
  return used <= filePages;
}
