import type { AppendBody, Operation, Producer } from '../history.ts';
import { type Checker, describe, few, type PartitionView, partitionsOf } from './checker.ts';

/** A repeat is found this many batches back (Kafka's clients have at most five in flight). */
const repeatedBatchesMax = 5;

/**
 * An idempotent batch was refused although it was the next one, or a repeat whose offset should have been
 * found.
 */
export const wrongRefusal: Checker = {
  name: 'wrong refusal',
  promise: 'I4',
  check: (history) =>
    partitionsOf(history).flatMap((view) =>
      few([...refusedRepeats(view), ...notEvenStored(view), ...refusedNext(view)]),
    ),
};

const sameProducer = (a: Producer | undefined, b: Producer | undefined): boolean =>
  a !== undefined && a.producerId === b?.producerId && a.producerEpoch === b.producerEpoch;

const isLater = (a: Producer | undefined, b: Producer): boolean =>
  a?.producerId === b.producerId &&
  (a.producerEpoch > b.producerEpoch ||
    (a.producerEpoch === b.producerEpoch && a.baseSequence > b.baseSequence));

/** DUPLICATE_SEQUENCE_NUMBER is for what lies far back or is gone. */
function refusedRepeats(view: PartitionView): string[] {
  const refused = view.appends.filter(({ error }) => error === 'DUPLICATE_SEQUENCE_NUMBER');
  return refused.flatMap((repeat) => {
    const producer = repeat.body.producer as Producer;
    const later = new Set(
      view.appends
        .filter(({ body, invokedAt }) => {
          return isLater(body.producer, producer) && invokedAt < repeat.completedAt;
        })
        .map(({ body }) => body.records[0]?.value),
    );
    const offset = offsetSeen(view, repeat);
    const isKept = offset !== undefined && view.finalStart !== undefined && offset >= view.finalStart;
    if (later.size >= repeatedBatchesMax || !isKept) return [];
    return [`${view.partition}: the offset ${offset} of ${describe(repeat)} was not found (${repeat.error})`];
  });
}

/** Clients take DUPLICATE_SEQUENCE_NUMBER as stored: so it must be there, or have been there. */
function notEvenStored(view: PartitionView): string[] {
  if (view.mayBeDeleted || view.finalStart === undefined || view.finalStart > 0n) return [];
  const repeats = view.appends.filter(({ error }) => error === 'DUPLICATE_SEQUENCE_NUMBER');
  return repeats
    .filter((repeat) => offsetSeen(view, repeat) === undefined)
    .map((repeat) => `${view.partition}: ${describe(repeat)} was called a repeat, and is nowhere`);
}

const offsetSeen = ({ offsetsOf }: PartitionView, { body }: Operation<AppendBody>): bigint | undefined =>
  [...(offsetsOf.get(body.records[0]?.value ?? '') ?? [])][0];

/** A gap or an old epoch is said to be there where none is. */
function refusedNext(view: PartitionView): string[] {
  const refused = view.appends.filter(({ error }) => {
    return error === 'OUT_OF_ORDER_SEQUENCE_NUMBER' || error === 'INVALID_PRODUCER_EPOCH';
  });
  return refused.flatMap((append) => {
    const producer = append.body.producer as Producer;
    const own = view.appends.filter(({ body }) => body.producer?.producerId === producer.producerId);
    const isFenced = own.some(({ body, invokedAt }) => {
      return (body.producer?.producerEpoch ?? 0) > producer.producerEpoch && invokedAt < append.completedAt;
    });
    const before = own.find(({ body, completedAt }) => {
      const next = (body.producer?.baseSequence ?? 0) + body.records.length;
      const isBefore = sameProducer(body.producer, producer) && next === producer.baseSequence;
      return isBefore && completedAt < append.invokedAt;
    });
    const isDue = producer.baseSequence === 0 || (before !== undefined && before.outcome === 'ok');
    if (isFenced || !isDue || wasRemoved(view, append)) return [];
    return [`${view.partition}: ${describe(append)} was in sequence, and was refused (${append.error})`];
  });
}

/**
 * It was stored, or may have been, and lies below the log start: to the log it is as if it had never been.
 */
function wasRemoved(view: PartitionView, append: Operation<AppendBody>): boolean {
  const offset = offsetSeen(view, append);
  const start = view.finalStart;
  if (start === undefined) return true; // the topic is gone, and nobody can tell
  if (offset !== undefined) return offset < start;
  return (
    start > 0n &&
    view.appends.some((other) => {
      const isSame = other.body.records[0]?.value === append.body.records[0]?.value;
      return isSame && other.outcome === 'unknown';
    })
  );
}
