/** What every client program writes when it is asked for `count` records; see README.md beside this. */
export type Plan = { prefix: string; count: number; first?: number; keys?: number; timeMs?: number };

/** A record as a client program prints it. `headers` and `time` only where its client shows them. */
export type SeenRecord = {
  partition: number;
  offset: number;
  key: string | null;
  value: string | null;
  headers?: [string, string][];
  time?: number;
};

/** Key, value and headers of each record of the plan, in order. */
export function planned({ prefix, count, first = 0, keys = 0 }: Plan) {
  return Array.from({ length: count }, (_, place) => {
    const index = first + place;
    return {
      key: keys > 0 ? `key-${index % keys}` : null,
      value: `${prefix}-${index}-${filling}`,
      headers: [
        ['index', String(index)],
        ['index', 'again'],
      ] as [string, string][],
    };
  });
}

/** Makes a batch worth compressing: librdkafka sends one plain that does not shrink. */
const filling = 'millrace '.repeat(10).trim();

export const inOffsetOrder = (records: readonly SeenRecord[]): SeenRecord[] =>
  [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset);

/** The values in `seen`, sorted, each once. */
export const valuesOf = (seen: readonly { value: string | null }[]): string[] =>
  [...new Set(seen.map(({ value }) => value ?? ''))].sort();
