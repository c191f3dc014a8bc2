import { isRead, type Operation, type ReadBody } from '../history.ts';
import { type Checker, describe, few, type PartitionView, partitionsOf } from './checker.ts';

/**
 * Below the high watermark an offset range has no data: an answer leaves offsets out, or none ever gets past
 * it.
 */
export const hole: Checker = {
  name: 'hole',
  promise: 'I2',
  check: (history) => {
    const failed = history.operations.filter(isRead).filter(({ body, outcome, error }) => {
      // Out of range is for another checker: an expired record moves the log start when a reader meets it.
      return (body.isFinal || body.isAtRest) && outcome !== 'ok' && error !== 'OFFSET_OUT_OF_RANGE';
    });
    return [
      ...failed.map((read) => `${describe(read)} of ${where(read)} at rest failed: ${read.error}`),
      ...partitionsOf(history).flatMap((view) => [
        ...few(view.reads.flatMap((read) => holesIn(view, read))),
        ...isShort(view),
      ]),
    ];
  },
};

const where = ({ body }: Operation<ReadBody>): string => `${body.partition} from ${body.offset}`;

function holesIn(view: PartitionView, read: Operation<ReadBody>): string[] {
  const { offset, batches = [], nextOffset = 0n, highWatermark = 0n } = read.body;
  const wrong: string[] = [];
  if (nextOffset === offset && offset < highWatermark) {
    wrong.push(`nothing is there, and the high watermark is ${highWatermark}`);
  }
  const isGone = (from: bigint, to: bigint): boolean => {
    for (let at = from; at < to; at++) if (!view.mayHaveExpired(at, read.completedMs)) return false;
    return from <= to;
  };
  let expected = offset;
  batches.forEach(({ baseOffset, records }, at) => {
    const next = baseOffset + BigInt(records.length);
    const contains = at === 0 && baseOffset <= offset && offset < next;
    if (!contains && !isGone(expected, baseOffset)) {
      wrong.push(`a batch of ${baseOffset}..${next} where ${expected} is next`);
    }
    expected = next;
  });
  if (!isGone(expected, nextOffset)) wrong.push(`it says to go on at ${nextOffset} instead of ${expected}`);
  return wrong.map((what) => `${describe(read)} of ${where(read)}: ${what}`);
}

/** The final reads must join up, from the log start to the high watermark. */
function isShort({ partition, reads }: PartitionView): string[] {
  const final = reads.filter(({ body }) => body.isFinal);
  const last = final.at(-1);
  if (last === undefined) return [];
  if (last.body.nextOffset === last.body.highWatermark) return [];
  return [
    `${partition} at the end can be read to ${last.body.nextOffset} of ${last.body.highWatermark} only`,
  ];
}
