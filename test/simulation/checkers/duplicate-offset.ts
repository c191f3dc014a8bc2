import { type Checker, describe, few, partitionsOf } from './checker.ts';

/**
 * One offset was given to two records: acknowledged twice, or shown with another record than acknowledged.
 */
export const duplicateOffset: Checker = {
  name: 'duplicate offset',
  promise: 'I3',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, acknowledged, valuesAt }) => {
      const owners = new Map<bigint, { value: string; by: string }>();
      const wrong: string[] = [];
      for (const append of acknowledged) {
        append.body.records.forEach(({ value }, at) => {
          const offset = (append.body.baseOffset ?? 0n) + BigInt(at);
          const owner = owners.get(offset) ?? { value, by: describe(append) };
          owners.set(offset, owner);
          if (owner.value !== value) {
            wrong.push(`${partition} offset ${offset}: ${owner.by} and ${describe(append)} both got it`);
          }
        });
      }
      for (const [offset, values] of valuesAt) {
        if (values.size > 1)
          wrong.push(`${partition} offset ${offset}: read as ${[...values].join(' and as ')}`);
        const owner = owners.get(offset);
        if (owner && !values.has(owner.value)) {
          wrong.push(
            `${partition} offset ${offset}: acknowledged to ${owner.by}, read as ${[...values].join()}`,
          );
        }
      }
      return few(wrong);
    }),
};
