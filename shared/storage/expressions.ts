import { areEqualAttributes, isBinary, isList, isMap, memberOf } from './attributes.ts';
import type { Attribute, Item } from './item.ts';
import { checkName, checkNumber, refusal } from './item-limits.ts';
import type { Change, Comparison, Condition, Operand, Path } from './metadata-store.ts';
import { compareUtf8 } from './utf8-order.ts';

/**
 * What conditions and changes mean, as DynamoDB means them: pure, and shared by the engines that evaluate
 * them themselves. Every append runs through here once, so it avoids needless allocation.
 */

/** Whether the condition is true of the item; every path of an absent item is absent. */
export function holds(condition: Condition, item: Item | undefined): boolean {
  if ('left' in condition) {
    const left = operandValue(condition.left, item);
    const right = operandValue(condition.right, item);
    return left !== undefined && right !== undefined && compare(left, condition.is, right);
  }
  if ('exists' in condition) return valueAt(condition.exists, item) !== undefined;
  if ('absent' in condition) return valueAt(condition.absent, item) === undefined;
  if ('all' in condition) return condition.all.every((part) => holds(part, item));
  return condition.any.some((part) => holds(part, item));
}

function valueAt([attribute, member]: Path, item: Item | undefined): Attribute | undefined {
  if (item === undefined) return undefined;
  const value = memberOf(item, attribute);
  if (member === undefined || value === undefined) return value;
  return isMap(value) ? memberOf(value, member) : undefined;
}

function operandValue(operand: Operand, item: Item | undefined): Attribute | undefined {
  if ('value' in operand) return operand.value;
  if ('path' in operand) return valueAt(operand.path, item);
  const value = valueAt(operand.sizeOf, item);
  return value === undefined ? undefined : sizeOf(value);
}

/** Numbers and booleans have no size. */
function sizeOf(value: Attribute): bigint | undefined {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value, 'utf8'));
  if (typeof value !== 'object') return undefined;
  if (isBinary(value) || isList(value)) return BigInt(value.length);
  return BigInt(Object.keys(value).length);
}

function compare(left: Attribute, is: Comparison, right: Attribute): boolean {
  if (is === '=') return areEqualAttributes(left, right);
  if (typeof left === 'bigint' && typeof right === 'bigint') {
    return isInOrder(left < right ? -1 : left > right ? 1 : 0, is);
  }
  if (typeof left === 'string' && typeof right === 'string') return isInOrder(compareUtf8(left, right), is);
  if (isBinary(left) && isBinary(right)) return isInOrder(Buffer.compare(left, right), is);
  return false;
}

function isInOrder(order: number, is: Comparison): boolean {
  if (is === '<') return order < 0;
  if (is === '<=') return order <= 0;
  return is === '>' ? order > 0 : order >= 0;
}

/**
 * The item after the changes; each sees the item as it was before. Shares with `item` what did not change,
 * and with `changes` what they bring. Throws a `StoreError` (unavailable) when a change does not fit the
 * item.
 */
export function afterChanges(item: Item, changes: readonly Change[]): Item {
  checkDisjoint(changes);
  const next: Record<string, Attribute> = { ...item };
  for (const change of changes) {
    const path = pathOf(change);
    const value = changedValue(change, item);
    if (path[1] === undefined) assign(next, path[0], value);
    else assign(ownMap(next, item, path[0]), path[1], value);
  }
  return next;
}

function assign(map: Record<string, Attribute>, name: string, value: Attribute | undefined): void {
  if (value === undefined) delete map[name];
  else map[checkName(name)] = value;
}

/** The map at `attribute` of `next`, as a copy that is not shared with `item`. */
function ownMap(next: Record<string, Attribute>, item: Item, attribute: string): Record<string, Attribute> {
  const map = memberOf(next, attribute);
  if (map === undefined || !isMap(map)) throw refusal(`attribute ${attribute} is not a map`);
  if (map !== item[attribute]) return map as Record<string, Attribute>;
  const copy: Record<string, Attribute> = { ...map };
  next[attribute] = copy;
  return copy;
}

/** The new value of the path that a change touches; undefined: none. */
function changedValue(change: Change, item: Item): Attribute | undefined {
  if ('add' in change) return checkNumber(numberAt(change.add, item) + change.amount);
  if ('append' in change) return [...listAt(change.append, item), ...change.values];
  if ('dropFirst' in change) return withoutFirst(change.dropFirst, change.count, item);
  if ('remove' in change) return undefined;
  if ('to' in change) return change.to;
  const value = valueAt(change.from, item);
  if (value === undefined) throw refusal(`there is no ${change.from.join('.')} to copy`);
  return value;
}

function numberAt(path: Path, item: Item): bigint {
  const value = valueAt(path, item);
  if (typeof value !== 'bigint') throw refusal(`${path.join('.')} is not a number that could be added to`);
  return value;
}

function listAt(path: Path, item: Item): readonly Attribute[] {
  const value = valueAt(path, item);
  if (value === undefined || !isList(value)) throw refusal(`${path.join('.')} is not a list`);
  return value;
}

function withoutFirst(path: Path, count: number, item: Item): readonly Attribute[] {
  const list = listAt(path, item);
  if (list.length < count)
    throw refusal(`${path.join('.')} has ${list.length} members, not ${count} to drop`);
  return list.slice(count);
}

function pathOf(change: Change): Path {
  if ('set' in change) return change.set;
  if ('add' in change) return change.add;
  if ('append' in change) return change.append;
  return 'dropFirst' in change ? change.dropFirst : change.remove;
}

/** Refuses changes of which two touch the same path, or a map and a member of it. */
export function checkDisjoint(changes: readonly Change[]): void {
  for (let later = 1; later < changes.length; later++) {
    const path = pathOf(changes[later] as Change);
    for (let earlier = 0; earlier < later; earlier++) {
      const other = pathOf(changes[earlier] as Change);
      if (path[0] !== other[0]) continue;
      if (path[1] === undefined || other[1] === undefined || path[1] === other[1]) {
        throw refusal(`two changes of one update touch ${other.join('.')} and ${path.join('.')}`);
      }
    }
  }
}
