import { type Checker, describe, few, partitionsOf } from './checker.ts';

/** A read shows records below a log start offset that was seen before it began, or that it states itself. */
export const resurrected: Checker = {
  name: 'resurrected',
  promise: 'I9',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, reads }) => {
      const sights = history.operations
        .flatMap(({ body, outcome, completedAt }) => {
          if (outcome !== 'ok' || !('partition' in body) || body.partition !== partition) return [];
          const start = 'logStartOffset' in body ? body.logStartOffset : undefined;
          return start === undefined ? [] : [{ start, completedAt }];
        })
        .sort((a, b) => a.completedAt - b.completedAt);
      const wrong = reads.flatMap((read) => {
        const own = read.body.logStartOffset ?? 0n;
        const before = sights.filter(({ completedAt }) => completedAt < read.invokedAt);
        const start = before.reduce((highest, sight) => (sight.start > highest ? sight.start : highest), own);
        const first = read.body.batches?.[0];
        if (first === undefined || first.baseOffset + BigInt(first.records.length) > start) return [];
        return [
          `${partition}: ${describe(read)} shows offset ${first.baseOffset}, the log starts at ${start}`,
        ];
      });
      return few(wrong);
    }),
};
