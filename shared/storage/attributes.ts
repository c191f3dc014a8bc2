import { areEqualBytes } from '../base/bytes.ts';
import type { Attribute, AttributeMap } from './item.ts';

export const isBinary = (value: Attribute): value is Uint8Array => value instanceof Uint8Array;
export const isList = (value: Attribute): value is readonly Attribute[] => Array.isArray(value);
export const isMap = (value: Attribute): value is AttributeMap =>
  typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);

/** A member of a map, never what objects inherit. */
export const memberOf = (map: AttributeMap, name: string): Attribute | undefined =>
  Object.hasOwn(map, name) ? map[name] : undefined;

/** Equal in type and value, members included. */
export function areEqualAttributes(a: Attribute, b: Attribute): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (isBinary(a) || isBinary(b)) return isBinary(a) && isBinary(b) && areEqualBytes(a, b);
  if (isList(a) || isList(b)) return isList(a) && isList(b) && areEqualLists(a, b);
  return areEqualMaps(a, b);
}

const areEqualLists = (a: readonly Attribute[], b: readonly Attribute[]): boolean =>
  a.length === b.length && a.every((value, at) => areEqualAttributes(value, b[at] as Attribute));

function areEqualMaps(a: AttributeMap, b: AttributeMap): boolean {
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => {
    const other = memberOf(b, name);
    return other !== undefined && areEqualAttributes(a[name] as Attribute, other);
  });
}
