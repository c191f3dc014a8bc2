import { refusal } from './item-limits.ts';

/** S3 allows 1,024 bytes; ours are path segments of the characters that URLs and file systems share. */
export const objectKeyBytesMax = 1024;
const segment = /^[A-Za-z0-9_.=-]{1,200}$/;

/** Refuses keys that are not plain paths, above all those that would lead out of the store's folder. */
export function checkObjectKey(key: string): void {
  const isPath = key
    .split('/')
    .every((part) => segment.test(part) && part !== '.' && part !== '..' && !part.startsWith('.'));
  if (!isPath || key.length > objectKeyBytesMax) throw refusal(`"${key}" cannot be an object's key`);
}

/** Refuses a range that is not one. */
export function checkObjectRange(position: number, length: number): void {
  const isRange = Number.isSafeInteger(position) && Number.isSafeInteger(length);
  if (!isRange || position < 0 || length <= 0) {
    throw refusal(`${length} bytes from ${position} is no range of an object`);
  }
}
