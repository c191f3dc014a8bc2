import { UsageFailure } from './failure.ts';

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * Milliseconds since 1970 of a time as users write it: ISO 8601 (UTC unless it names a zone), milliseconds
 * since 1970, or an age like `-2h` (ms, s, m, h, d, w). Throws `UsageFailure`, which begins with `what`.
 */
export function readTime(what: string, text: string, nowMs: number): number {
  const [, amount, unit] = /^-([0-9]{1,12})(ms|[smhdw])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return nowMs - Number(amount) * (unitMs[unit] ?? 0);
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  const isIso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,]+(?:Z|[+-][0-9:]+)?)?$/i.test(text);
  const hasZone = /(?:Z|[T ].*[+-][0-9:]+)$/i.test(text) || !/[T ]/.test(text);
  const timeMs = isIso ? Date.parse(`${text.replace(' ', 'T')}${hasZone ? '' : 'Z'}`) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw new UsageFailure(
    `${what} is a time like 2026-01-31T08:00:00Z, 1769846400000 (ms) or -2h, not "${text}".`,
  );
}
