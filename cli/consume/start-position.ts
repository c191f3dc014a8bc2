import { UsageFailure } from '../failure.ts';
import { readTime } from '../times.ts';

/** Where to begin in a partition. */
export type StartPosition =
  | { readonly kind: 'earliest' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'offset'; readonly offset: bigint }
  /** So many records before the end. */
  | { readonly kind: 'last'; readonly count: bigint }
  | { readonly kind: 'time'; readonly timeMs: number };

const words: Readonly<Record<string, 'earliest' | 'latest'>> = {
  earliest: 'earliest',
  beginning: 'earliest',
  start: 'earliest',
  latest: 'latest',
  end: 'latest',
};

const int64Max = 2n ** 63n - 1n;

/** Reads `earliest`, `latest`, an offset, `-100` (the last hundred) or `@time`. Throws `UsageFailure`. */
export function readStartPosition(text: string, nowMs: number): StartPosition {
  const word = words[text];
  if (word !== undefined) return { kind: word };
  if (text.startsWith('@')) return { kind: 'time', timeMs: readTime('--offset @', text.slice(1), nowMs) };
  const number = /^-?[0-9]{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (number === undefined || number > int64Max) {
    throw new UsageFailure(
      `--offset is earliest, latest, a number, -100 for the last hundred, or @TIME, not "${text}".`,
    );
  }
  return text.startsWith('-') ? { kind: 'last', count: -number } : { kind: 'offset', offset: number };
}

/** Where a partition begins and ends; the end is the offset of the next record. */
export type PartitionRange = { readonly begin: bigint; readonly end: bigint };

/** The offset of a position but for a time, which only the log can tell; it may lie outside of the range. */
export function offsetAt(
  position: Exclude<StartPosition, { kind: 'time' }>,
  { begin, end }: PartitionRange,
): bigint {
  switch (position.kind) {
    case 'earliest':
      return begin;
    case 'latest':
      return end;
    case 'offset':
      return position.offset;
    case 'last':
      return end - position.count > begin ? end - position.count : begin;
  }
}
