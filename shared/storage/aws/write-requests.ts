import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { Item, Key } from '../item.ts';
import { checkItemSize, checkKey, refusal } from '../item-limits.ts';
import type { Action, Change, Condition, Update } from '../metadata-store.ts';
import { type AttributeValues, toItemValues, toKeyValues } from './attribute-values.ts';
import { conditionText, guardsOf, Placeholders, simplify, updateText } from './expressions.ts';

/**
 * The inputs of DynamoDB's writes, from the port's words. Pure. `never`: the condition can be true of no
 * item.
 */

type Expressions = {
  UpdateExpression?: string;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: AttributeValues;
};
type WithTable = { TableName: string };
export type PutRequest = WithTable & Expressions & { Item: AttributeValues };
export type KeyRequest = WithTable & Expressions & { Key: AttributeValues };
export const never = 'never';
export type Never = typeof never;

function expressions(condition: Condition | undefined, changes: readonly Change[] = []): Expressions | Never {
  const placeholders = new Placeholders();
  const simplified = simplify({
    all: [...(condition === undefined ? [] : [condition]), ...guardsOf(changes)],
  });
  if (simplified === false) return never;
  const update = updateText(changes, placeholders);
  return {
    ...(update === '' ? {} : { UpdateExpression: update }),
    ...(simplified === true ? {} : { ConditionExpression: conditionText(simplified, placeholders) }),
    ...placeholders.parameters(),
  };
}

export function putRequest(table: string, key: Key, item: Item, condition?: Condition): PutRequest | Never {
  checkKey(key);
  checkItemSize(key, item);
  const parts = expressions(condition);
  return parts === never ? never : { TableName: table, Item: toItemValues(key, item), ...parts };
}

export function updateRequest(table: string, key: Key, update: Update): KeyRequest | Never {
  checkKey(key);
  const parts = expressions(update.condition, update.changes);
  return parts === never ? never : { TableName: table, Key: toKeyValues(key), ...parts };
}

/** A removal, or within a transaction a check. */
export function keyRequest(table: string, key: Key, condition?: Condition): KeyRequest | Never {
  checkKey(key);
  const parts = expressions(condition);
  return parts === never ? never : { TableName: table, Key: toKeyValues(key), ...parts };
}

/** One action of a transaction; undefined: a check of what is true of any item. */
export function transactItem(table: string, action: Action): TransactWriteItem | Never | undefined {
  if ('put' in action) {
    const put = putRequest(table, action.put, action.item, action.condition);
    return put === never ? never : { Put: put };
  }
  if ('update' in action) {
    const update = updateRequest(table, action.update, action);
    if (update === never) return never;
    const { UpdateExpression, ...rest } = update;
    if (UpdateExpression === undefined)
      throw refusal('an update that changes nothing: a transaction needs a check');
    return { Update: { ...rest, UpdateExpression } };
  }
  if ('remove' in action) {
    const remove = keyRequest(table, action.remove, action.condition);
    return remove === never ? never : { Delete: remove };
  }
  const check = keyRequest(table, action.check, action.condition);
  if (check === never) return never;
  const { ConditionExpression, ...rest } = check;
  return ConditionExpression === undefined ? undefined : { ConditionCheck: { ...rest, ConditionExpression } };
}
