import { type History, isDeleteRecords, isTopic } from '../history.ts';
import { type Checker, describe, few, nextOffsetOf, partitionsOf } from './checker.ts';

/**
 * A record was removed although neither retention nor DeleteRecords may have done it, or a read inside was
 * refused.
 */
export const removedTooEarly: Checker = {
  name: 'removed too early',
  promise: 'I9',
  check: (history) =>
    partitionsOf(history).flatMap((view) => {
      const { partition, acknowledged, finalStart } = view;
      if (finalStart === undefined) return [];
      const kept = history.kept.get(partition) ?? { retentionMs: -1n, retentionBytes: -1n };
      const deletes = history.operations.filter(isDeleteRecords).filter(({ body, error }) => {
        return body.partition === partition && error !== 'OFFSET_OUT_OF_RANGE';
      });
      const deleted = deletes.reduce((most, { body }) => (body.offset > most ? body.offset : most), 0n);
      if (kept.retentionBytes >= 0n) return [];
      const atEndMs = history.operations.reduce((latest, { completedMs, invokedMs }) => {
        return Math.max(latest, Number.isFinite(completedMs) ? completedMs : invokedMs);
      }, 0);
      const wrong = acknowledged.filter((append) => {
        const next = nextOffsetOf(append);
        const isTooOld =
          kept.retentionMs >= 0n && BigInt(append.body.timestampMs) + kept.retentionMs < BigInt(atEndMs);
        return next <= finalStart && next > deleted && !isTooOld;
      });
      return few(
        wrong.map((append) => `${partition}: ${describe(append)} is gone, the log starts at ${finalStart}`),
      );
    }),
};

/** OFFSET_OUT_OF_RANGE was answered for an offset that the log surely held. */
export const outOfRange: Checker = {
  name: 'wrongly out of range',
  promise: 'I8',
  check: (history) => {
    const reads = history.operations.filter(({ error }) => error === 'OFFSET_OUT_OF_RANGE');
    const wrong = reads.flatMap((read) => {
      if (read.body.does !== 'read') return [];
      const { partition, offset } = read.body;
      const view = partitionsOf(history).find((candidate) => candidate.partition === partition);
      const isReached = view?.acknowledged.some((append) => {
        return append.completedAt < read.invokedAt && nextOffsetOf(append) >= offset;
      });
      const isAboveStart = view?.finalStart !== undefined && offset >= view.finalStart;
      if (!isReached || !isAboveStart) return [];
      return [`${partition}: ${describe(read)} of offset ${offset} was refused`];
    });
    return few(wrong);
  },
};

/** A topic that nobody asked to delete is said not to be there, or a deleted one still acknowledges. */
export const topicGone: Checker = {
  name: 'topic gone',
  promise: 'I1',
  check: (history) => {
    const wrong: string[] = [];
    for (const view of partitionsOf(history)) {
      if (view.mayBeDeleted) continue;
      const refused = history.operations.find(({ body, error }) => {
        return (
          'partition' in body && body.partition === view.partition && error === 'UNKNOWN_TOPIC_OR_PARTITION'
        );
      });
      if (refused)
        wrong.push(`${view.partition}: ${describe(refused)} heard that there is no such partition`);
    }
    return [...few(wrong), ...few(acknowledgedAfterDeletion(history))];
  },
};

/**
 * Once a deletion is answered, or the name stands for another topic, no append that begins later may be
 * acknowledged. That a topic is not found proves nothing: it may still be in the middle of its deletion.
 */
function acknowledgedAfterDeletion(history: History): string[] {
  const topics = history.operations.filter(isTopic).filter(({ outcome }) => outcome === 'ok');
  const goneAt = new Map<string, number>();
  const gone = (topicId: string | undefined, at: number): void => {
    if (topicId !== undefined) goneAt.set(topicId, Math.min(at, goneAt.get(topicId) ?? at));
  };
  for (const later of topics) {
    const earlier = topics.filter(({ body, completedAt }) => {
      return body.topic === later.body.topic && completedAt < later.invokedAt;
    });
    for (const { body } of earlier) {
      const isAnother = later.body.topicId !== undefined && later.body.topicId !== body.topicId;
      if (later.body.does === 'deleteTopic' || isAnother) gone(body.topicId, later.completedAt);
    }
  }
  return partitionsOf(history).flatMap(({ partition, acknowledged }) => {
    const at = goneAt.get(partition.split('/')[0] ?? '') ?? Number.POSITIVE_INFINITY;
    const late = acknowledged.filter(({ invokedAt }) => invokedAt > at);
    return late.map((append) => `${partition}: ${describe(append)} was acknowledged by a deleted topic`);
  });
}
