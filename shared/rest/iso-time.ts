const date = '([0-9]{4})-([0-9]{2})-([0-9]{2})';
const time = '([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,18}))?)?';
const zone = '(Z|[+-][0-9]{2}(?::?[0-9]{2})?)';
const isoTime = new RegExp(`^${date}(?:[T ]${time}${zone}?)?$`, 'i');

export type IsoTimeOptions = {
  /** Refuse a time that does not say its zone; otherwise it is UTC, and a date alone is its first instant. */
  readonly needsZone: boolean;
};

/** The milliseconds since 1970 of a time in ISO 8601 (finer digits are cut), undefined when it is none. */
export function parseIsoTime(text: string, { needsZone }: IsoTimeOptions): bigint | undefined {
  const match = isoTime.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', offset] = match;
  if (needsZone && offset === undefined) return undefined;
  const instant = new Date(0);
  instant.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDate = instant.getUTCMonth() === Number(month) - 1 && instant.getUTCDate() === Number(day);
  if (!isDate || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  instant.setUTCHours(Number(hour), Number(minute), Number(second), milliseconds);
  const offsetMinutes = zoneMinutes(offset);
  return offsetMinutes === undefined ? undefined : BigInt(instant.getTime() - offsetMinutes * 60_000);
}

function zoneMinutes(offset: string | undefined): number | undefined {
  if (offset === undefined || offset.toUpperCase() === 'Z') return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(':', ''));
  if (hours > 18 || minutes > 59) return undefined;
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/** How far from 1970 a JavaScript date reaches, in ms. */
const farthestMs = 8_640_000_000_000_000n;

/** A time in ms since 1970 in ISO 8601, UTC; undefined when it lies outside what ISO 8601 dates can say. */
export const formatIsoTime = (timeMs: bigint): string | undefined =>
  timeMs < -farthestMs || timeMs > farthestMs ? undefined : new Date(Number(timeMs)).toISOString();
