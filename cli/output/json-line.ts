const safe = (value: bigint): boolean =>
  value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER);

/** Stands before the digits of a number that JSON can say and a double cannot. */
const mark = '\u0000digits:';
const marked = /"\\u0000digits:(-?[0-9]+)"/g;

/** JSON on one line. A bigint is a number with all its digits. */
export function jsonLine(value: unknown): string {
  let isMarked = false;
  const text = JSON.stringify(value, (_name, member: unknown) => {
    if (typeof member !== 'bigint') return member;
    if (safe(member)) return Number(member);
    isMarked = true;
    return `${mark}${member}`;
  });
  return `${isMarked ? text.replace(marked, '$1') : text}\n`;
}

/** A text or a whole number, with its fraction and exponent if it has them. */
const textOrNumber = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/g;
/** A double may not hold it. */
const longInteger = /^-?[0-9]{16,}$/;
const anyLongInteger = /[0-9]{16}/;

/** Reads JSON; integers of 16 digits or more come as texts, so that none of them is rounded. */
export function parseKeepingDigits(text: string): unknown {
  if (!anyLongInteger.test(text)) return JSON.parse(text);
  return JSON.parse(text.replace(textOrNumber, (found) => (longInteger.test(found) ? `"${found}"` : found)));
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** JSON without white space between its parts; numbers and texts keep every character. */
export const compactJson = (json: string): string =>
  json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted: string | undefined) => quoted ?? '');
