import type { Key } from '../../shared/storage/item.ts';
import { keyOfAction, type MetadataStore } from '../../shared/storage/metadata-store.ts';
import type { ObjectStore } from '../../shared/storage/object-store.ts';
import { stagingByPut, untilStaged } from '../../shared/storage/staging-by-put.ts';
import type { Stores } from '../../shared/storage/stores.ts';

const writes = ['put', 'update', 'remove', 'transact', 'objectPut', 'objectDelete'] as const;
const reads = ['get', 'getMany', 'query', 'objectGetRange', 'objectList'] as const;

export type StoreOperation = (typeof writes)[number] | (typeof reads)[number];

/** One call that the code under test makes. */
export type StoreCall = {
  /** 1 for the first call of these stores, counted over all operations. */
  number: number;
  operation: StoreOperation;
  isWrite: boolean;
  /** What it acts on: `pk / sk` or the object's key, several joined by a comma. */
  target: string;
  /** The arguments as the port names them. */
  args: readonly unknown[];
};

/** Carries out a call, or does something else instead; `perform` may be called at most once. */
export type Around = <T>(call: StoreCall, perform: () => Promise<T>) => Promise<T>;

const nameOf = ({ pk, sk }: Key): string => `${pk} / ${sk}`;

/**
 * The same stores with `around` about every call. Staged bytes travel as puts of their own, before the update
 * that names them, as on DynamoDB: so that every step of an append is a call that can be counted or can fail.
 */
export function aroundStores(stores: Stores, around: Around): Stores {
  let number = 0;
  const run = <T>(
    operation: StoreOperation,
    target: string,
    args: readonly unknown[],
    perform: () => Promise<T>,
  ): Promise<T> => {
    number++;
    const isWrite = (writes as readonly string[]).includes(operation);
    return around({ number, operation, isWrite, target, args }, perform);
  };
  const metadata = metadataAround(stores.metadata, run);
  const objects = objectsAround(stores.objects, run);
  return { metadata, objects, staging: stagingByPut(stores.staging.thresholds, metadata, objects) };
}

type Run = <T>(
  operation: StoreOperation,
  target: string,
  args: readonly unknown[],
  perform: () => Promise<T>,
) => Promise<T>;

const metadataAround = (inner: MetadataStore, run: Run): MetadataStore => ({
  get: (...args) => run('get', nameOf(args[0]), args, () => inner.get(...args)),
  getMany: (...args) => run('getMany', args[0].map(nameOf).join(', '), args, () => inner.getMany(...args)),
  query: (...args) => run('query', args[0].pk, args, () => inner.query(...args)),
  put: (...args) => run('put', nameOf(args[0]), args, () => inner.put(...args)),
  update: async (key, update, options = {}) => {
    const { after, ...rest } = options;
    await untilStaged(after);
    return run('update', nameOf(key), [key, update, rest], () => inner.update(key, update, rest));
  },
  remove: (...args) => run('remove', nameOf(args[0]), args, () => inner.remove(...args)),
  transact: (...args) => {
    const target = args[0].map((action) => nameOf(keyOfAction(action))).join(', ');
    return run('transact', target, args, () => inner.transact(...args));
  },
});

const objectsAround = (inner: ObjectStore, run: Run): ObjectStore => ({
  put: (...args) => run('objectPut', args[0], args, () => inner.put(...args)),
  getRange: (...args) => run('objectGetRange', args[0], args, () => inner.getRange(...args)),
  delete: (...args) => run('objectDelete', args[0].join(', '), args, () => inner.delete(...args)),
  list: (...args) => run('objectList', args[0], args, () => inner.list(...args)),
});
