import { type Checker, describe, few, partitionsOf } from './checker.ts';

/** The same offset was served with other bytes. */
export const bytesChanged: Checker = {
  name: 'bytes changed',
  promise: 'I3',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, reads }) => {
      const known = new Map<bigint, { digest: string; by: string }>();
      const wrong: string[] = [];
      for (const read of reads) {
        for (const { baseOffset, digest } of read.body.batches ?? []) {
          const first = known.get(baseOffset) ?? { digest, by: describe(read) };
          known.set(baseOffset, first);
          if (first.digest === digest) continue;
          wrong.push(`${partition} offset ${baseOffset}: ${first.by} and ${describe(read)} got other bytes`);
        }
      }
      return few(wrong);
    }),
};
