/** The media types of the dialects. */
export const mediaTypes = {
  json: 'application/json',
  v2: 'application/vnd.kafka.v2+json',
  kafka: 'application/vnd.kafka+json',
  v2Binary: 'application/vnd.kafka.binary.v2+json',
  v2Json: 'application/vnd.kafka.json.v2+json',
  v2Text: 'application/vnd.kafka.text.v2+json',
} as const;

export type MediaType = {
  /** Type and subtype in small letters. */
  readonly name: string;
  /** Parameters by their name in small letters, values without quotes. */
  readonly parameters: ReadonlyMap<string, string>;
};

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const mediaType = new RegExp(`^\\s*(${token}/${token})\\s*((?:;.*)?)$`, 's');
const parameter = new RegExp(`;\\s*(?:(${token})\\s*=\\s*(?:(${token})|"((?:[^"\\\\]|\\\\.)*)")\\s*)?`, 'gy');

/** Reads a media type as Content-Type has it; undefined when it is none. */
export function parseMediaType(text: string): MediaType | undefined {
  const match = mediaType.exec(text);
  if (!match) return undefined;
  const parameters = new Map<string, string>();
  const rest = match[2] as string;
  let end = 0;
  for (const [all, name, plain, quoted] of rest.matchAll(parameter)) {
    end += all.length;
    if (name !== undefined) parameters.set(name.toLowerCase(), plain ?? unquoted(quoted as string));
  }
  return end === rest.length ? { name: (match[1] as string).toLowerCase(), parameters } : undefined;
}

const unquoted = (text: string): string => text.replace(/\\(.)/gs, '$1');

type Preference = { readonly name: string; readonly quality: number };

/** An Accept or Accept-Encoding header as a list; what cannot be read is left out. */
function preferences(header: string): Preference[] {
  return splitList(header).flatMap((part): Preference[] => {
    // An encoding is a media type without a slash; given one, both are read alike.
    const isEncoding = !/^[^;]*\//.test(part);
    const parsed = parseMediaType(isEncoding ? `encoding/${part.trim()}` : part);
    if (!parsed) return [];
    const quality = parsed.parameters.get('q') ?? '1';
    if (!/^(?:0(?:\.[0-9]*)?|1(?:\.0*)?)$/.test(quality)) return [];
    return [{ name: isEncoding ? parsed.name.slice(9) : parsed.name, quality: Number(quality) }];
  });
}

/** The parts between commas that are not inside quotes. */
const splitList = (header: string): string[] => header.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+|"/gs) ?? [];

/** How exactly a range names a type: 3 itself, 2 its family, 1 anything, 0 not at all. */
function specificity(range: string, name: string): number {
  if (range === name) return 3;
  if (range === '*/*') return 1;
  return range.endsWith('/*') && name.startsWith(range.slice(0, -1)) ? 2 : 0;
}

/**
 * Which of the offered types an Accept header prefers (RFC 9110, 12.5.1), undefined when it accepts none.
 * Among equals the more exact range decides, then its place in the header, then the order of the offers; no
 * header takes the first.
 */
export function negotiate(offers: readonly string[], accept: string | null): string | undefined {
  if (accept === null || accept.trim() === '') return offers[0];
  const ranges = preferences(accept);
  let best: { offer: string; rank: readonly number[] } | undefined;
  for (const [place, offer] of offers.entries()) {
    const rank = rankOf(offer, ranges, place);
    if (rank && (!best || isAbove(rank, best.rank))) best = { offer, rank };
  }
  return best?.offer;
}

function rankOf(offer: string, ranges: readonly Preference[], place: number): number[] | undefined {
  let exact = 0;
  let at = -1;
  for (const [index, { name }] of ranges.entries()) {
    const matches = specificity(name, offer);
    if (matches > exact) {
      exact = matches;
      at = index;
    }
  }
  const quality = ranges[at]?.quality ?? 0;
  return quality > 0 ? [quality, exact, -at, -place] : undefined;
}

function isAbove(a: readonly number[], b: readonly number[]): boolean {
  const differs = a.findIndex((value, index) => value !== b[index]);
  return differs >= 0 && (a[differs] as number) > (b[differs] as number);
}

/** Whether an Accept-Encoding header takes gzip. Without one, nothing is compressed. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  if (acceptEncoding === null) return false;
  const encodings = preferences(acceptEncoding);
  const named = encodings.find(({ name }) => name === 'gzip' || name === 'x-gzip');
  return ((named ?? encodings.find(({ name }) => name === '*'))?.quality ?? 0) > 0;
}
