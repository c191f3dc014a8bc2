import * as z from 'zod';

const offset = z
  .union([z.number().int(), z.string().regex(/^-?[0-9]+$/)])
  .transform((value) => BigInt(value));

/** The answer of `listConsumerLags`, its offsets with every digit. */
export const consumerLags = z.object({
  data: z.array(
    z.object({
      topic_name: z.string(),
      partition_id: z.number().int(),
      consumer_id: z.string(),
      instance_id: z.string().nullable(),
      client_id: z.string(),
      current_offset: offset,
      log_end_offset: offset,
      lag: offset,
    }),
  ),
});
