import { isBinary, isList, isMap } from './attributes.ts';
import type { Attribute, AttributeMap, Item } from './item.ts';
import { checkName, checkNumber, refusal } from './item-limits.ts';

/**
 * A copy that shares nothing with `item`. Refuses what is no attribute, and numbers of more than 38 digits.
 */
export const copyItem = (item: Item): Item => copyMap(item);

export function copyAttribute(value: Attribute): Attribute {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return checkNumber(value);
  if (typeof value !== 'object' || value === null) throw refusal(`a ${typeof value} cannot be stored`);
  if (isBinary(value)) return new Uint8Array(value);
  if (isList(value)) return value.map(copyAttribute);
  if (isMap(value)) return copyMap(value);
  throw refusal('this cannot be stored');
}

function copyMap(map: AttributeMap): AttributeMap {
  const copy: Record<string, Attribute> = {};
  for (const name of Object.keys(map)) copy[checkName(name)] = copyAttribute(map[name] as Attribute);
  return copy;
}
