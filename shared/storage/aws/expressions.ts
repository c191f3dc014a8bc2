import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { isBinary } from '../attributes.ts';
import { checkDisjoint, holds } from '../expressions.ts';
import type { Attribute } from '../item.ts';
import { refusal } from '../item-limits.ts';
import type { Change, Condition, Operand, Path } from '../metadata-store.ts';
import { type AttributeValues, toAttributeValue } from './attribute-values.ts';
import { metadataTable } from './metadata-table.ts';

/** The port's algebra as DynamoDB's expression texts. Pure. */

/** What the expressions of one request speak of. DynamoDB refuses placeholders that no expression uses. */
export class Placeholders {
  private readonly names = new Map<string, string>();
  private readonly values = new Map<string, AttributeValue>();
  private readonly valuesByText = new Map<string, string>();

  /** Every name goes through a placeholder: hundreds are reserved, and members may hold any character. */
  path(path: Path): string {
    if (path[0] === metadataTable.pk || path[0] === metadataTable.sk) {
      throw refusal(`${path[0]} names a part of the key, which no condition or change may speak of`);
    }
    return path.map((name) => this.name(name)).join('.');
  }

  value(value: Attribute): string {
    const attributeValue = toAttributeValue(value);
    const text = typeof value === 'object' ? undefined : JSON.stringify(attributeValue);
    const known = text === undefined ? undefined : this.valuesByText.get(text);
    if (known !== undefined) return known;
    const placeholder = `:v${this.values.size}`;
    this.values.set(placeholder, attributeValue);
    if (text !== undefined) this.valuesByText.set(text, placeholder);
    return placeholder;
  }

  key(part: 'pk' | 'sk'): string {
    return this.name(metadataTable[part]);
  }

  private name(name: string): string {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    const placeholder = `#n${this.names.size}`;
    this.names.set(name, placeholder);
    return placeholder;
  }

  /** The two maps of a request, each left out when empty, as DynamoDB demands. */
  parameters(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: AttributeValues;
  } {
    const names = Object.fromEntries([...this.names].map(([name, placeholder]) => [placeholder, name]));
    return {
      ...(this.names.size === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(this.values.size === 0 ? {} : { ExpressionAttributeValues: Object.fromEntries(this.values) }),
    };
  }
}

/**
 * The condition without its parts that are true or false of any item, and without an `all` in an `all` or an
 * `any` in an `any`: DynamoDB refuses empty expressions, needless parentheses and literals of types that have
 * no order.
 */
export function simplify(condition: Condition): Condition | boolean {
  if ('left' in condition) return simplifyComparison(condition);
  if ('all' in condition) {
    const parts = condition.all.map(simplify).filter((part) => part !== true);
    if (parts.includes(false)) return false;
    const flat = (parts as Condition[]).flatMap((part) => ('all' in part ? part.all : [part]));
    return flat.length === 0 ? true : flat.length === 1 ? (flat[0] as Condition) : { all: flat };
  }
  if ('any' in condition) {
    const parts = condition.any.map(simplify).filter((part) => part !== false);
    if (parts.includes(true)) return true;
    const flat = (parts as Condition[]).flatMap((part) => ('any' in part ? part.any : [part]));
    return flat.length === 0 ? false : flat.length === 1 ? (flat[0] as Condition) : { any: flat };
  }
  return condition;
}

type ComparisonOf = Extract<Condition, { left: Operand }>;

function simplifyComparison(comparison: ComparisonOf): Condition | boolean {
  const { left, is, right } = comparison;
  if ('value' in left && 'value' in right) return holds(comparison, undefined);
  if (isSameOperand(left, right)) throw refusal(`a condition compares ${JSON.stringify(left)} with itself`);
  for (const [operand, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (!('value' in operand)) continue;
    if ('sizeOf' in other && typeof operand.value !== 'bigint') return false;
    if (is !== '=' && !hasOrder(operand.value)) return false;
  }
  return comparison;
}

function isSameOperand(left: Operand, right: Operand): boolean {
  const isSame = (a: Path, b: Path): boolean => a[0] === b[0] && a[1] === b[1];
  if ('path' in left) return 'path' in right && isSame(left.path, right.path);
  return 'sizeOf' in left && 'sizeOf' in right && isSame(left.sizeOf, right.sizeOf);
}

const hasOrder = (value: Attribute): boolean =>
  typeof value === 'bigint' || typeof value === 'string' || (typeof value === 'object' && isBinary(value));

/** The text of a condition that `simplify` has been through. */
export function conditionText(condition: Condition, placeholders: Placeholders): string {
  if ('left' in condition) {
    const [left, right] = [condition.left, condition.right].map((side) => operandText(side, placeholders));
    return `${left} ${condition.is} ${right}`;
  }
  if ('exists' in condition) return `attribute_exists(${placeholders.path(condition.exists)})`;
  if ('absent' in condition) return `attribute_not_exists(${placeholders.path(condition.absent)})`;
  if ('any' in condition) return condition.any.map((part) => conditionText(part, placeholders)).join(' OR ');
  return condition.all.map((part) => inParentheses(part, conditionText(part, placeholders))).join(' AND ');
}

/** AND binds closer than OR. */
const inParentheses = (part: Condition, text: string): string => ('any' in part ? `(${text})` : text);

function operandText(operand: Operand, placeholders: Placeholders): string {
  if ('value' in operand) return placeholders.value(operand.value);
  if ('sizeOf' in operand) return `size(${placeholders.path(operand.sizeOf)})`;
  return placeholders.path(operand.path);
}

/** The update expression; empty when nothing is changed. */
export function updateText(changes: readonly Change[], placeholders: Placeholders): string {
  checkDisjoint(changes);
  const sets = changes.flatMap((change) => setText(change, placeholders));
  const removes = changes.flatMap((change) => removeTexts(change, placeholders));
  const clauses = [
    sets.length > 0 ? `SET ${sets.join(', ')}` : '',
    removes.length > 0 ? `REMOVE ${removes.join(', ')}` : '',
  ];
  return clauses.filter((clause) => clause !== '').join(' ');
}

/** Additions through SET, not ADD: ADD would create what does not exist. */
function setText(change: Change, placeholders: Placeholders): string[] {
  if ('add' in change) {
    const path = placeholders.path(change.add);
    return [`${path} = ${path} + ${placeholders.value(change.amount)}`];
  }
  if ('append' in change) {
    const path = placeholders.path(change.append);
    return [`${path} = list_append(${path}, ${placeholders.value(change.values)})`];
  }
  if ('set' in change) {
    const path = placeholders.path(change.set);
    return [`${path} = ${'from' in change ? placeholders.path(change.from) : placeholders.value(change.to)}`];
  }
  return [];
}

/** Indexes in descending order: some engines that stand in for DynamoDB remove one after another. */
function removeTexts(change: Change, placeholders: Placeholders): string[] {
  if ('remove' in change) return [placeholders.path(change.remove)];
  if (!('dropFirst' in change)) return [];
  const indexes = Array.from({ length: change.count }, (_, index) => change.count - 1 - index);
  return indexes.map((index) => `${placeholders.path(change.dropFirst)}[${index}]`);
}

/**
 * DynamoDB takes no offence at the removal of a list member that is not there, so an update that drops more
 * than there is carries this condition beside its own.
 */
export const guardsOf = (changes: readonly Change[]): Condition[] =>
  changes.flatMap((change): Condition[] =>
    'dropFirst' in change
      ? [{ left: { sizeOf: change.dropFirst }, is: '>=', right: { value: BigInt(change.count) } }]
      : [],
  );
