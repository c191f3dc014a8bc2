export type Key = { readonly pk: string; readonly sk: string };

/** What an attribute can hold. Numbers are integers of at most 38 digits. Sets do not exist. */
export type Attribute = string | bigint | boolean | Uint8Array | readonly Attribute[] | AttributeMap;
export type AttributeMap = { readonly [name: string]: Attribute };
/**
 * The attributes of an item without its key. An attribute named `ttl` (seconds since 1970) lets it expire.
 */
export type Item = AttributeMap;
export type StoredItem = { readonly key: Key; readonly item: Item };
