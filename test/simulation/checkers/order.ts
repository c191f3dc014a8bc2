import type { AppendBody, Operation } from '../history.ts';
import { type Checker, describe, few, memberOf, partitionsOf } from './checker.ts';

/**
 * What was acknowledged before another append was even sent lies before it; what one producer sent in
 * sequence lies in sequence; and so do the records of one key.
 */
export const order: Checker = {
  name: 'order',
  promise: 'I4',
  check: (history) =>
    partitionsOf(history).flatMap(({ partition, appends, acknowledged, offsetsOf }) => {
      const messages = [...outOfTime(appends, acknowledged), ...outOfSequence(appends, offsetsOf)];
      return few(messages).map((message) => `${partition}: ${message}`);
    }),
};

/** Sweeps over time: the highest offset acknowledged so far must be below that of whatever is sent later. */
function outOfTime(
  appends: readonly Operation<AppendBody>[],
  acknowledged: readonly Operation<AppendBody>[],
): string[] {
  const firstSent = new Map<string, number>();
  for (const { body, invokedAt } of appends) {
    const value = body.records[0]?.value ?? '';
    firstSent.set(value, Math.min(invokedAt, firstSent.get(value) ?? invokedAt));
  }
  const sentAt = (append: Operation<AppendBody>): number =>
    firstSent.get(append.body.records[0]?.value ?? '') ?? append.invokedAt;
  const bySent = [...acknowledged].sort((a, b) => sentAt(a) - sentAt(b));
  const byAnswer = [...acknowledged].sort((a, b) => a.completedAt - b.completedAt);
  const wrong: string[] = [];
  let answered = 0;
  let highest: Operation<AppendBody> | undefined;
  for (const append of bySent) {
    for (; (byAnswer[answered]?.completedAt ?? Number.POSITIVE_INFINITY) < sentAt(append); answered++) {
      const candidate = byAnswer[answered] as Operation<AppendBody>;
      if (highest === undefined || offsetOf(candidate) > offsetOf(highest)) highest = candidate;
    }
    if (highest === undefined || offsetOf(highest) < offsetOf(append)) continue;
    wrong.push(
      `${describe(append)} got offset ${offsetOf(append)}, ${describe(highest)} before it ${offsetOf(highest)}`,
    );
  }
  return wrong;
}

const offsetOf = ({ body }: Operation<AppendBody>): bigint => body.baseOffset ?? 0n;

/**
 * Batches of one idempotent producer and epoch, and the records of each of its keys, in the order of
 * sequences.
 */
function outOfSequence(
  appends: readonly Operation<AppendBody>[],
  offsetsOf: ReadonlyMap<string, ReadonlySet<bigint>>,
): string[] {
  const sent = new Map<string, Set<string>>();
  const batches = appends.filter(({ body }) => body.producer);
  batches.sort((a, b) => (a.body.producer?.baseSequence ?? 0) - (b.body.producer?.baseSequence ?? 0));
  for (const { body } of batches) {
    const { producerId, producerEpoch } = body.producer ?? {};
    for (const { value } of body.records) memberOf(sent, `${producerId}:${producerEpoch}`).add(value);
  }
  return [...sent].flatMap(([producer, values]) => {
    let last: { offset: bigint; value: string } | undefined;
    for (const value of values) {
      const offset = [...(offsetsOf.get(value) ?? [])].sort((a, b) => (a < b ? -1 : 1))[0];
      if (offset === undefined) continue;
      if (last !== undefined && offset < last.offset) {
        return [`producer ${producer}: ${value} at ${offset} lies before ${last.value} at ${last.offset}`];
      }
      last = { offset, value };
    }
    return [];
  });
}
