/**
 * The port to the store of large immutable objects. A key is written once; nothing is ever changed in place.
 * Keys are paths, as object-rules.ts says, and no key goes on behind another one and a slash: on a disk that
 * one would have to be a file and a folder.
 */
export interface ObjectStore {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /**
   * At most `length` bytes (1 or more) from `position`: fewer at the object's end, none behind it; undefined
   * when there is no such object.
   */
  getRange(key: string, position: number, length: number): Promise<Uint8Array | undefined>;
  /** Any number of keys; one that is not there is no error. */
  delete(keys: readonly string[]): Promise<void>;
  /** Keys in the order of their UTF-8 bytes. May return fewer than `limit` with a `next`. */
  list(prefix: string, options?: ListOptions): Promise<ListResult>;
}

export type ListOptions = { startAfter?: string; limit?: number };
export type ListedObject = { key: string; sizeBytes: number };
export type ListResult = { objects: ListedObject[]; next?: string };

/** Every object under a prefix, page after page. */
export async function* listAll(
  store: ObjectStore,
  prefix: string,
  startAfter?: string,
): AsyncGenerator<ListedObject> {
  let after = startAfter;
  do {
    const page = await store.list(prefix, after === undefined ? {} : { startAfter: after });
    yield* page.objects;
    after = page.next;
  } while (after !== undefined);
}
