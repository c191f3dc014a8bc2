import { isRead } from '../history.ts';
import { type Checker, describe, few, nextOffsetOf, type PartitionView, partitionsOf } from './checker.ts';

/** An acknowledged record is not at its offset, although nothing may have removed it. */
export const lostWrite: Checker = {
  name: 'lost write',
  promise: 'I1',
  check: (history) =>
    partitionsOf(history)
      .filter(({ mayBeDeleted, acknowledged }) => !mayBeDeleted && acknowledged.length > 0)
      .flatMap((view) => {
        const isRead0 = history.operations.filter(isRead).some(({ body }) => {
          return body.partition === view.partition && body.isFinal;
        });
        return isRead0 ? lostIn(view) : [`${view.partition} was not read at the end`];
      }),
};

function lostIn(view: PartitionView): string[] {
  const kept = new Map<bigint, string>();
  for (const batch of view.reads.flatMap(({ body }) => (body.isFinal ? (body.batches ?? []) : []))) {
    batch.records.forEach(({ value }, at) => void kept.set(batch.baseOffset + BigInt(at), value));
  }
  const start = view.finalStart ?? 0n;
  const atEndMs = Math.max(...view.reads.map(({ completedMs }) => completedMs));
  return few(
    view.acknowledged.flatMap((append) => {
      const baseOffset = append.body.baseOffset ?? 0n;
      const lost = append.body.records.findIndex(({ value }, at) => {
        const offset = baseOffset + BigInt(at);
        const found = kept.get(offset);
        const mayBeGone = offset < start || (found === undefined && view.mayHaveExpired(offset, atEndMs));
        return !mayBeGone && found !== value;
      });
      if (lost < 0) return [];
      const found = kept.get(baseOffset + BigInt(lost));
      const range = `${baseOffset}..${nextOffsetOf(append)}`;
      return [
        `${describe(append)} was acknowledged at ${view.partition} ${range}; at the end there is ${found ?? 'nothing'}`,
      ];
    }),
  );
}
