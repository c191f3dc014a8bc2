import type { History, Operation } from '../history.ts';
import { isAppend } from '../history.ts';
import { type Checker, describe, few, nextOffsetOf } from './checker.ts';

type Sight = { readonly operation: Operation; readonly offset: bigint };

/** The log start offset that a client sees is lower than one that was seen before. */
export const startMovedBack: Checker = {
  name: 'start moved back',
  promise: 'I8',
  check: (history) =>
    movedBack(history, (operation) => {
      const start = 'logStartOffset' in operation.body ? operation.body.logStartOffset : undefined;
      return { seen: start, proves: start };
    }),
};

/** The high watermark that a client sees is lower than one that was seen, or acknowledged, before. */
export const highWatermarkMovedBack: Checker = {
  name: 'high watermark moved back',
  promise: 'I8',
  check: (history) =>
    movedBack(history, (operation) => {
      const seen = 'highWatermark' in operation.body ? operation.body.highWatermark : undefined;
      return { seen, proves: isAppend(operation) ? nextOffsetOf(operation) : seen };
    }),
};

/** Compares what each operation saw with the highest that was proved before it was invoked. */
function movedBack(
  history: History,
  sightOf: (operation: Operation) => { seen: bigint | undefined; proves: bigint | undefined },
): string[] {
  const done = history.operations.filter(({ outcome, body }) => outcome === 'ok' && 'partition' in body);
  const byAnswer = [...done].sort((a, b) => a.completedAt - b.completedAt);
  const highest = new Map<string, Sight>();
  const wrong: string[] = [];
  let answered = 0;
  for (const operation of done) {
    for (; (byAnswer[answered]?.completedAt ?? Number.POSITIVE_INFINITY) < operation.invokedAt; answered++) {
      const earlier = byAnswer[answered] as Operation;
      const offset = sightOf(earlier).proves;
      const known = highest.get(partitionOf(earlier))?.offset ?? -1n;
      if (offset !== undefined && offset > known) {
        highest.set(partitionOf(earlier), { operation: earlier, offset });
      }
    }
    const { seen } = sightOf(operation);
    const before = highest.get(partitionOf(operation));
    if (seen === undefined || before === undefined || seen >= before.offset) continue;
    const earlier = `${describe(before.operation)} before it ${before.offset}`;
    wrong.push(`${partitionOf(operation)}: ${describe(operation)} saw ${seen}, ${earlier}`);
  }
  return few(wrong);
}

const partitionOf = ({ body }: Operation): string => ('partition' in body ? body.partition : '');
