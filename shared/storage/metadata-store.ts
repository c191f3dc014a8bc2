import type { Attribute, Item, Key, StoredItem } from './item.ts';
import type { Staged } from './staging.ts';

/**
 * The port to the store of small items. It knows no Kafka words: semantics exist once, above it.
 * Its expressions mean what DynamoDB's mean; three engines implement it and one suite judges them.
 */
export interface MetadataStore {
  /** The item, or undefined. Consistent unless said otherwise. */
  get(key: Key, options?: ReadOptions): Promise<Item | undefined>;
  /**
   * The items in the order of `keys`, undefined where there is none. Any number of keys; engines split and
   * loop.
   */
  getMany(keys: readonly Key[], options?: ReadOptions): Promise<(Item | undefined)[]>;
  /**
   * Items of one partition key in the order of their sort keys. May return fewer than `limit` with a `next`.
   */
  query(query: Query): Promise<QueryResult>;
  /** Writes the whole item. */
  put(key: Key, item: Item, condition?: Condition): Promise<void>;
  /**
   * Changes one item in one atomic step and answers it whole. An absent item is created, as in DynamoDB, when
   * the condition allows it. No change sees another one of the same update; no two may touch the same path.
   * Changes that do not fit the item, and what else no engine could store (item-limits.ts), are refused as
   * `unavailable`: nothing is changed.
   */
  update(key: Key, update: Update, options?: UpdateOptions): Promise<Item>;
  remove(key: Key, condition?: Condition): Promise<void>;
  /**
   * All or nothing, at most `transactActionsMax` actions, each on another item. Never used on a partition's
   * head.
   */
  transact(actions: readonly Action[]): Promise<void>;
}

export const transactActionsMax = 100;

export type ReadOptions = {
  /** false: the answer may be a little old, at half the price. Default true. */
  consistent?: boolean;
};

export type Query = ReadOptions & {
  pk: string;
  /** First and last sort key, both inclusive (compared as UTF-8 bytes). Default: all. */
  from?: string;
  through?: string;
  descending?: boolean;
  /** Default: as many as the engine likes to give at once. */
  limit?: number;
  /** Continue behind this sort key, in the direction of the query: the `next` of the last answer. */
  startAfter?: string;
};
export type QueryResult = { items: StoredItem[]; next?: string };

/** An attribute, or one member of an attribute that is a map. */
export type Path = readonly [attribute: string] | readonly [attribute: string, member: string];

export type Operand =
  | { readonly path: Path }
  /** Members of a list or map, bytes of a binary or string. */
  | { readonly sizeOf: Path }
  | { readonly value: Attribute };

export type Comparison = '=' | '<' | '<=' | '>' | '>=';

/** A comparison with what is absent, or is of another type, is false. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly exists: Path }
  | { readonly absent: Path }
  | { readonly left: Operand; readonly is: Comparison; readonly right: Operand };

export type Change =
  | { readonly set: Path; readonly to: Attribute }
  /** Copies another attribute's value, as it was before the update. That attribute must exist. */
  | { readonly set: Path; readonly from: Path }
  /** The attribute must exist and be a number. */
  | { readonly add: Path; readonly amount: bigint }
  /** The attribute must exist and be a list. */
  | { readonly append: Path; readonly values: readonly Attribute[] }
  /** The attribute must exist and be a list of at least `count`. */
  | { readonly dropFirst: Path; readonly count: number }
  | { readonly remove: Path };

export type Update = { readonly changes: readonly Change[]; readonly condition?: Condition };

export type UpdateOptions = {
  /** The update must not be visible, nor survive a crash, without what was staged. */
  after?: readonly Staged[];
  /** Which item is answered: as it is after the update (default) or as it was before ({} if absent). */
  returns?: 'new' | 'old';
};

export type Action =
  | { readonly put: Key; readonly item: Item; readonly condition?: Condition }
  | { readonly update: Key; readonly changes: readonly Change[]; readonly condition?: Condition }
  | { readonly remove: Key; readonly condition?: Condition }
  | { readonly check: Key; readonly condition: Condition };

/** The key that an action acts on. */
export const keyOfAction = (action: Action): Key => {
  if ('put' in action) return action.put;
  if ('update' in action) return action.update;
  if ('remove' in action) return action.remove;
  return action.check;
};

const operand = (of: Path | Operand): Operand => (Array.isArray(of) ? { path: of as Path } : (of as Operand));
const value = (of: Attribute | Operand): Operand =>
  typeof of === 'object' && ('path' in of || 'sizeOf' in of || 'value' in of)
    ? (of as Operand)
    : { value: of as Attribute };

/** The words in which conditions are written: `all(exists(['next']), equals(['paged'], 16n))`. */
export const all = (...conditions: readonly Condition[]): Condition => ({ all: conditions });
export const any = (...conditions: readonly Condition[]): Condition => ({ any: conditions });
export const exists = (path: Path): Condition => ({ exists: path });
export const absent = (path: Path): Condition => ({ absent: path });
export const sizeOf = (path: Path): Operand => ({ sizeOf: path });
export const attribute = (path: Path): Operand => ({ path });
const compare =
  (is: Comparison) =>
  (left: Path | Operand, right: Attribute | Operand): Condition => ({
    left: operand(left),
    is,
    right: value(right),
  });
export const equals = compare('=');
export const isBelow = compare('<');
export const isAtMost = compare('<=');
export const isAbove = compare('>');
export const isAtLeast = compare('>=');

/** The words in which changes are written. */
export const set = (path: Path, to: Attribute): Change => ({ set: path, to });
export const setFrom = (path: Path, from: Path): Change => ({ set: path, from });
export const add = (path: Path, amount: bigint): Change => ({ add: path, amount });
export const append = (path: Path, values: readonly Attribute[]): Change => ({ append: path, values });
export const dropFirst = (path: Path, count: number): Change => ({ dropFirst: path, count });
export const unset = (path: Path): Change => ({ remove: path });

/** Every item that a query finds, page after page. */
export async function* queryAll(store: MetadataStore, query: Query): AsyncGenerator<StoredItem> {
  let startAfter = query.startAfter;
  do {
    const page = await store.query({ ...query, ...(startAfter === undefined ? {} : { startAfter }) });
    yield* page.items;
    startAfter = page.next;
  } while (startAfter !== undefined);
}
