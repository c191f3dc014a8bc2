import * as z from 'zod';

/** A record as it was read; null is Kafka's null. */
export type ConsumedRecord = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Milliseconds since 1970; undefined where the door does not say. */
  readonly timestampMs: bigint | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly { readonly key: string; readonly value: Buffer | null }[];
};

const integer = z
  .union([z.number().int(), z.string().regex(/^-?[0-9]+$/)])
  .transform((value) => BigInt(value));
const bytes = z
  .string()
  .nullable()
  .optional()
  .transform((text) => (text === null || text === undefined ? null : Buffer.from(text, 'base64')));

/** The answer of a read in the binary format, v2. */
export const consumedRecords = z.array(
  z
    .object({
      topic: z.string(),
      partition: z.number().int(),
      offset: integer,
      timestamp: integer.optional(),
      key: bytes,
      value: bytes,
      headers: z
        .array(z.object({ key: z.string(), value: bytes }))
        .nullish()
        .transform((headers) => headers ?? []),
    })
    .transform(({ timestamp, ...record }): ConsumedRecord => ({ ...record, timestampMs: timestamp })),
);

/** Asks for keys and values as base64, so that any bytes come through. */
export const binaryType = 'application/vnd.kafka.binary.v2+json';
