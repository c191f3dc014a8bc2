import type { Operation, ReadBody } from '../history.ts';
import { type Checker, describe, few, type PartitionView, partitionsOf } from './checker.ts';

/** A reader that goes on from where it was misses records, or is sent back. */
export const skippedRead: Checker = {
  name: 'skipped read',
  promise: 'I2',
  check: (history) =>
    partitionsOf(history).flatMap((view) => {
      const { partition, reads } = view;
      const sessions = new Map<string, Operation<ReadBody>[]>();
      for (const read of reads) {
        if (read.body.session === undefined) continue;
        sessions.set(read.body.session, [...(sessions.get(read.body.session) ?? []), read]);
      }
      return [...sessions].flatMap(([session, polls]) =>
        few(missedBy(polls, view).map((message) => `${partition}, reader ${session}: ${message}`)),
      );
    }),
};

function missedBy(
  polls: readonly Operation<ReadBody>[],
  { valuesAt, mayHaveExpired }: PartitionView,
): string[] {
  const wrong: string[] = [];
  let delivered: bigint | undefined;
  for (const poll of polls) {
    const { offset, batches = [], nextOffset = offset } = poll.body;
    const shown = batches.flatMap(({ baseOffset, records }) =>
      records.map((record, at) => ({ ...record, offset: baseOffset + BigInt(at) })),
    );
    const fresh = shown.filter((record) => record.offset >= offset);
    if (nextOffset < offset) wrong.push(`${describe(poll)} sends it back from ${offset} to ${nextOffset}`);
    if (delivered !== undefined && fresh.some((record) => record.offset < (delivered as bigint))) {
      wrong.push(`${describe(poll)} shows an offset below ${delivered} again`);
    }
    const offsets = new Set(fresh.map((record) => record.offset));
    for (let missed = offset; missed < nextOffset; missed++) {
      if (offsets.has(missed) || mayHaveExpired(missed, poll.completedMs)) continue;
      const what = [...(valuesAt.get(missed) ?? [])].join();
      wrong.push(
        `${describe(poll)} goes on to ${nextOffset} without offset ${missed}${what && ` (${what})`}`,
      );
      break;
    }
    delivered = nextOffset;
  }
  return wrong;
}
