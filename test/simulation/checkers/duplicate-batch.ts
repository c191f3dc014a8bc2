import { type Checker, few, partitionsOf } from './checker.ts';

/** A batch of an idempotent producer was stored, or acknowledged, at more than one place. */
export const duplicateBatch: Checker = {
  name: 'duplicate batch',
  promise: 'I4',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, appends, offsetsOf }) => {
      const idempotent = new Set(
        appends.flatMap(({ body }) => (body.producer ? body.records.map(({ value }) => value) : [])),
      );
      return few(
        [...idempotent].flatMap((value) => {
          const offsets = [...(offsetsOf.get(value) ?? [])].sort();
          if (offsets.length < 2) return [];
          return [`${partition}: ${value} of an idempotent producer is at offsets ${offsets.join(' and ')}`];
        }),
      );
    }),
};
