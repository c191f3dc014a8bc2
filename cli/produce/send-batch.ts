import * as z from 'zod';
import type { Door } from '../door/door.ts';
import { DoorFailure, notMillrace } from '../door/door-failure.ts';
import { CommandFailure } from '../failure.ts';
import { counted } from '../output/progress.ts';
import type { InputRecord } from './read-record.ts';

const binary = 'application/vnd.kafka.binary.v2+json';

export type BatchTarget = { readonly topic: string; readonly partition: number };
export type BatchSequence = { readonly producerId: number; readonly sequence: number };

/** Where the records begin; undefined for what was stored so long ago that its offset is not looked up. */
export type StoredBatch = { readonly baseOffset: bigint | undefined };

const integer = z.union([z.number(), z.string()]);
const produceAnswer = z.object({ offsets: z.array(z.object({ offset: integer.nullable() })).min(1) });

/** Stored long ago: docs/http-api.md. */
const duplicateCode = 40913;

/**
 * Stores a batch in one partition, all of it or nothing, and once: a repeat has the same sequence, so that
 * the log knows it again (I4). Throws a `DoorFailure`; after one that may pass, the outcome is not known.
 */
export async function sendBatch(
  door: Door,
  { topic, partition }: BatchTarget,
  { producerId, sequence }: BatchSequence,
  records: readonly InputRecord[],
  onWait: (error: unknown) => void,
): Promise<StoredBatch> {
  const options = {
    body: bodyOf(records),
    contentType: binary,
    accept: 'application/vnd.kafka.v2+json',
    headers: { 'Millrace-Producer': `${producerId};epoch=0;sequence=${sequence}` },
  };
  const attempt = (): Promise<string> =>
    door.sendOnce('produceToPartition', { topic, partition }, options).then(({ text }) => text);
  try {
    const answer = await door.persist(attempt, isPassing, undefined, onWait);
    const parsed = produceAnswer.safeParse(door.parse(answer));
    if (!parsed.success) throw notMillrace(door.name, parsed.error);
    const offset = parsed.data.offsets[0]?.offset;
    return { baseOffset: offset === null || offset === undefined ? undefined : BigInt(offset) };
  } catch (error) {
    if (error instanceof DoorFailure && error.code === duplicateCode) return { baseOffset: undefined };
    throw error;
  }
}

const isPassing = (error: unknown): boolean => error instanceof DoorFailure && error.isPassing;

/** Surely not stored, because of what the records are: a part of them may be. */
export const isRefusal = (error: unknown): error is DoorFailure =>
  error instanceof DoorFailure && [400, 413, 422].includes(error.status ?? 0);

const bodyOf = (records: readonly InputRecord[]): string =>
  JSON.stringify({
    records: records.map(({ key, value, headers, timestampMs }) => ({
      key: base64(key),
      value: base64(value),
      ...(headers.length > 0
        ? { headers: headers.map((h) => ({ key: h.key, value: base64(h.value) })) }
        : {}),
      ...(timestampMs === undefined ? {} : { timestamp: timestampMs }),
    })),
  });

const base64 = (bytes: Buffer | null): string | null => (bytes === null ? null : bytes.toString('base64'));

/** The failure of a whole `produce`, which names the lines that were being sent. */
export function failureOfLines(
  error: unknown,
  records: readonly InputRecord[],
  storedCount: number,
): unknown {
  if (!(error instanceof CommandFailure)) return error;
  const [first, last] = [records[0]?.line, records.at(-1)?.line];
  const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  const isUnknown = error instanceof DoorFailure && error.isPassing;
  const outcome = isUnknown ? 'may have been stored or not' : 'was not stored';
  const before = `${counted(storedCount, 'record')} stored before`;
  return new CommandFailure(
    `${error.message} What was sent of ${lines} ${outcome}; ${before}.`,
    error.next,
    error,
  );
}
