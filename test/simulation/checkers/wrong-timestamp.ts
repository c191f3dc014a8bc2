import { isTimestamp } from '../history.ts';
import { type Checker, describe, few, type PartitionView, partitionsOf } from './checker.ts';

/** At the end, the offset for a time is not that of the first record at or after it. */
export const wrongTimestamp: Checker = {
  name: 'wrong offset for a time',
  promise: 'I8',
  check: (history) =>
    partitionsOf(history).flatMap((view) => {
      const times = timesOf(view);
      const wrong = history.operations.filter(isTimestamp).flatMap((lookup) => {
        const { partition, timestampMs, isFinal, found } = lookup.body;
        if (partition !== view.partition || !isFinal) return [];
        if (lookup.outcome !== 'ok') return [`${describe(lookup)} failed: ${lookup.error}`];
        const first = times.find((record) => record.timestampMs >= timestampMs);
        if (first?.offset === found?.offset) return [];
        const answer = found?.offset ?? 'none';
        return [
          `${partition}: ${describe(lookup)} of ${timestampMs} answered ${answer}, not ${first?.offset ?? 'none'}`,
        ];
      });
      return few(wrong);
    }),
};

/** Offset and time of every record that the final reads showed, in the order of offsets. */
function timesOf({ reads, appends }: PartitionView): { offset: bigint; timestampMs: number }[] {
  const timeOf = new Map(
    appends.flatMap(({ body }) => body.records.map(({ value }) => [value, body.timestampMs] as const)),
  );
  return reads
    .flatMap(({ body }) => {
      const start = body.logStartOffset ?? 0n;
      const shown = body.isFinal ? (body.batches ?? []) : [];
      return shown.flatMap(({ baseOffset, records, timestampsMs }) =>
        records
          .map(({ value }, at) => ({
            offset: baseOffset + BigInt(at),
            timestampMs: timestampsMs?.[at] ?? timeOf.get(value) ?? -1,
          }))
          .filter(({ offset }) => offset >= start),
      );
    })
    .sort((a, b) => (a.offset < b.offset ? -1 : 1));
}
