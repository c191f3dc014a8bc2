import { isDeleteRecords } from '../history.ts';
import { type Checker, describe, few, memberOf, nextOffsetOf, partitionsOf } from './checker.ts';

/** A record was removed although neither retention nor DeleteRecords may have done it, or a read inside was refused. */
export const removedTooEarly: Checker = {
  name: 'removed too early',
  promise: 'I9',
  check: (history) =>
    partitionsOf(history).flatMap((view) => {
      const { partition, acknowledged, finalStart } = view;
      if (finalStart === undefined) return [];
      const kept = history.kept.get(partition) ?? { retentionMs: -1n, retentionBytes: -1n };
      const deletes = history.operations.filter(isDeleteRecords).filter(({ body, outcome }) => {
        return body.partition === partition && outcome !== 'fail';
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

/** Once a name is seen to stand for nothing, or for another topic, no append to the former one may be acknowledged. */
function acknowledgedAfterDeletion(history: Parameters<Checker['check']>[0]): string[] {
  const goneAt = new Map<string, number>();
  const idsOf = new Map<string, Set<string>>();
  const topics = history.operations.filter(({ body, outcome }) => 'topic' in body && outcome === 'ok');
  topics.sort((a, b) => a.completedAt - b.completedAt);
  for (const { body, completedAt } of topics) {
    if (!('topic' in body)) continue;
    const ids = memberOf(idsOf, body.topic);
    if (body.does === 'deleteTopic' || body.does === 'addPartitions') continue;
    for (const id of ids) {
      if (id !== body.topicId && !goneAt.has(id)) goneAt.set(id, completedAt);
    }
    if (body.topicId !== undefined) ids.add(body.topicId);
  }
  return partitionsOf(history).flatMap(({ partition, acknowledged }) => {
    const gone = goneAt.get(partition.split('/')[0] ?? '') ?? Number.POSITIVE_INFINITY;
    const late = acknowledged.filter(({ invokedAt }) => invokedAt > gone);
    return late.map((append) => `${partition}: ${describe(append)} was acknowledged by a deleted topic`);
  });
}
