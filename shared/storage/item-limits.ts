import { isBinary, isList } from './attributes.ts';
import type { Attribute, Item, Key } from './item.ts';
import { StoreError } from './store-error.ts';

/** DynamoDB's limits, kept by every engine unless it declares more. */
export const itemLimits = {
  /** Of an item with its key and attribute names. */
  itemBytesMax: 400 * 1024,
  /** Of all items of one transaction. */
  transactBytesMax: 4 * 1024 * 1024,
  pkBytesMax: 2048,
  skBytesMax: 1024,
  /** Numbers have at most 38 digits. */
  numberMax: 10n ** 38n - 1n,
} as const;

/** The call as such cannot be carried out; nothing was changed. */
export const refusal = (message: string): StoreError => new StoreError('unavailable', message);

const utf8Bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Refuses a key that an engine could not store, or that could collide with another one. */
export function checkKey({ pk, sk }: Key): void {
  checkKeyPart('partition key', pk, itemLimits.pkBytesMax);
  checkKeyPart('sort key', sk, itemLimits.skBytesMax);
}

// A NUL would blur where the partition key ends; a lone surrogate has no bytes of its own.
const unfitForKeys = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function checkKeyPart(part: string, text: string, bytesMax: number): void {
  if (text.length === 0) throw refusal(`the ${part} is empty`);
  if (text.length * 3 > bytesMax && utf8Bytes(text) > bytesMax) {
    throw refusal(`the ${part} of ${utf8Bytes(text)} bytes is longer than ${bytesMax}`);
  }
  if (unfitForKeys.test(text)) throw refusal(`the ${part} holds a character that keys may not hold`);
}

/** Refuses numbers that not every engine can hold. */
export function checkNumber(value: bigint): bigint {
  if (value > itemLimits.numberMax || value < -itemLimits.numberMax) {
    throw refusal('a number has more than 38 digits');
  }
  return value;
}

/** Assigning this name to an object would change its prototype instead. */
export function checkName(name: string): string {
  if (name === '__proto__') throw refusal('an attribute may not be named __proto__');
  return name;
}

/** Refuses an item that is larger than `bytesMax`; answers its size. */
export function checkItemSize(key: Key, item: Item, bytesMax: number = itemLimits.itemBytesMax): number {
  const bytes = itemSizeBytes(key, item);
  if (bytes > bytesMax) {
    throw refusal(`item ${key.pk} / ${key.sk} of ${bytes} bytes is larger than ${bytesMax}`);
  }
  return bytes;
}

/**
 * What DynamoDB charges for: names and values, with its overhead for lists and maps. Numbers are estimated.
 */
export function itemSizeBytes(key: Key, item: Item): number {
  let bytes = 4 + utf8Bytes(key.pk) + utf8Bytes(key.sk);
  for (const [name, value] of Object.entries(item)) bytes += utf8Bytes(name) + attributeSizeBytes(value);
  return bytes;
}

const nestingBytes = 3;
const memberBytes = 1;

/** What one value adds to an item's size. */
export function attributeSizeBytes(value: Attribute): number {
  if (typeof value === 'string') return utf8Bytes(value);
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'bigint') {
    const digits = value.toString().length;
    return Math.ceil(digits / 2) + (value < 0n ? 2 : 1);
  }
  if (isBinary(value)) return value.length;
  let bytes = nestingBytes;
  if (isList(value)) {
    for (const member of value) bytes += memberBytes + attributeSizeBytes(member);
    return bytes;
  }
  for (const [name, member] of Object.entries(value)) {
    bytes += memberBytes + utf8Bytes(name) + attributeSizeBytes(member);
  }
  return bytes;
}
