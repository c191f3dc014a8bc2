import { type Checker, few, partitionsOf } from './checker.ts';

/** Behind a batch of a newer producer epoch lies one of an older epoch. */
export const zombie: Checker = {
  name: 'zombie',
  promise: 'I5',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, appends, offsetsOf }) => {
      const firstOf = new Map<string, { offset: bigint; value: string }>();
      const lastOf = new Map<string, { offset: bigint; value: string }>();
      const epochs = new Map<bigint, Set<number>>();
      for (const { body } of appends) {
        if (!body.producer) continue;
        const { producerId, producerEpoch } = body.producer;
        const value = body.records[0]?.value ?? '';
        const key = `${producerId}:${producerEpoch}`;
        for (const offset of offsetsOf.get(value) ?? []) {
          if (offset < (firstOf.get(key)?.offset ?? offset + 1n)) firstOf.set(key, { offset, value });
          if (offset > (lastOf.get(key)?.offset ?? -1n)) lastOf.set(key, { offset, value });
          epochs.set(producerId, (epochs.get(producerId) ?? new Set()).add(producerEpoch));
        }
      }
      const wrong = [...epochs].flatMap(([producerId, seen]) => {
        const inOrder = [...seen].sort((a, b) => a - b);
        return inOrder.slice(1).flatMap((epoch, at) => {
          const first = firstOf.get(`${producerId}:${epoch}`);
          const last = lastOf.get(`${producerId}:${inOrder[at]}`);
          if (!first || !last || last.offset < first.offset) return [];
          const newer = `${first.value} of epoch ${epoch} at ${first.offset}`;
          return [`${partition}, producer ${producerId}: ${last.value} at ${last.offset} follows ${newer}`];
        });
      });
      return few(wrong);
    }),
};
