import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isBinary, isList, isMap } from '../attributes.ts';
import type { Attribute, AttributeMap, Item, Key } from '../item.ts';
import { checkName, checkNumber, refusal } from '../item-limits.ts';
import { metadataTable } from './metadata-table.ts';

/** A map as DynamoDB's client sends and answers it: each value in an envelope that names its type. */
export type AttributeValues = Record<string, AttributeValue>;

const { pk: pkName, sk: skName } = metadataTable;

/** The value in DynamoDB's envelope. Refuses what is no attribute, and numbers of more than 38 digits. */
export function toAttributeValue(value: Attribute): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'bigint') return { N: checkNumber(value).toString() };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value !== 'object' || value === null) throw refusal(`a ${typeof value} cannot be stored`);
  if (isBinary(value)) return { B: value };
  if (isList(value)) return { L: value.map(toAttributeValue) };
  if (isMap(value)) return { M: toAttributeValues(value) };
  throw refusal('this cannot be stored');
}

function toAttributeValues(map: AttributeMap): AttributeValues {
  const values: AttributeValues = {};
  for (const name of Object.keys(map)) values[checkName(name)] = toAttributeValue(map[name] as Attribute);
  return values;
}

/** The key alone, as the table names its parts. */
export const toKeyValues = (key: Key): AttributeValues => ({
  [pkName]: { S: key.pk },
  [skName]: { S: key.sk },
});

/** Key and attributes together: what is put. */
export function toItemValues(key: Key, item: Item): AttributeValues {
  for (const name of [pkName, skName]) {
    if (Object.hasOwn(item, name)) throw refusal(`an attribute may not be named ${name}: the key is`);
  }
  return { ...toAttributeValues(item), ...toKeyValues(key) };
}

/** The attributes of an answered item, without its key. */
export function toItem(values: AttributeValues): Item {
  const entries = Object.entries(values).filter(([name]) => name !== pkName && name !== skName);
  return Object.fromEntries(entries.map(([name, value]) => [name, toAttribute(value)]));
}

/** The key of an answered item. */
export const toKey = (values: AttributeValues): Key => ({
  pk: values[pkName]?.S ?? '',
  sk: values[skName]?.S ?? '',
});

function toAttribute(value: AttributeValue): Attribute {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return toInteger(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.B !== undefined) return value.B;
  if (value.L !== undefined) return value.L.map(toAttribute);
  if (value.M !== undefined) return toMap(value.M);
  throw refusal(`an attribute of type ${Object.keys(value).join()} in the table was not written by Millrace`);
}

const toMap = (values: AttributeValues): AttributeMap =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toAttribute(value)]));

/** Also in the notation with an exponent, which DynamoDB may answer for long numbers. */
function toInteger(text: string): bigint {
  const parts = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]\+?(\d+))?$/.exec(text);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts ?? [];
  const digits = whole + fraction.padEnd(Number(exponent), '0');
  const isWhole = parts !== null && Number(exponent) <= 38 && fraction.length <= Number(exponent);
  if (!isWhole) throw refusal(`a number ${text} in the table was not written by Millrace`);
  return sign === '-' ? -BigInt(digits) : BigInt(digits);
}
