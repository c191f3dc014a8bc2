import type { Query } from '../metadata-store.ts';
import { compareUtf8 } from '../utf8-order.ts';
import type { Placeholders } from './expressions.ts';

/** Sort keys that a query may answer, both bounds inclusive, and where it goes on. */
export type KeyRange = { from?: string; through?: string; startAfter?: string };

/**
 * The range of a query as DynamoDB takes it, or undefined when it can hold nothing: DynamoDB refuses reversed
 * bounds, empty bounds, and a start outside of them.
 */
export function keyRangeOf({ from = '', through, startAfter, descending }: Query): KeyRange | undefined {
  if (through !== undefined && compareUtf8(from, through) > 0) return undefined;
  if (through === '') return undefined;
  const bounds = { ...(from === '' ? {} : { from }), ...(through === undefined ? {} : { through }) };
  if (startAfter === undefined) return bounds;
  if (descending) {
    if (compareUtf8(startAfter, from) <= 0) return undefined;
    return through !== undefined && compareUtf8(startAfter, through) > 0 ? bounds : { ...bounds, startAfter };
  }
  if (through !== undefined && compareUtf8(startAfter, through) >= 0) return undefined;
  return startAfter === '' || compareUtf8(startAfter, from) < 0 ? bounds : { ...bounds, startAfter };
}

/** The key condition of a query of one partition key. */
export function keyConditionText(
  pk: string,
  { from, through }: KeyRange,
  placeholders: Placeholders,
): string {
  const isPartition = `${placeholders.key('pk')} = ${placeholders.value(pk)}`;
  if (from === undefined && through === undefined) return isPartition;
  const sk = placeholders.key('sk');
  if (from === undefined) return `${isPartition} AND ${sk} <= ${placeholders.value(through ?? '')}`;
  if (through === undefined) return `${isPartition} AND ${sk} >= ${placeholders.value(from)}`;
  return `${isPartition} AND ${sk} BETWEEN ${placeholders.value(from)} AND ${placeholders.value(through)}`;
}
