import { KafkaError } from '../kafka/error-codes.ts';
import type { ReadRequest, ReadResult } from './api.ts';

type Answer = ReadResult | KafkaError;
type Reading = {
  read(request: ReadRequest): Promise<Answer>;
  /** The same without batches. */
  look(request: ReadRequest): Promise<Answer>;
};

/** Reads that go on at the same time: each may bring one batch that is larger than what it was allowed. */
const readsAtOnceMax = 64;

/**
 * Reads in order until there are `maxBytes` of batches; what comes behind tells only where its log stands. So
 * a request holds little more than it may answer, however much it asks for (KIP-74).
 */
export async function readMany(
  requests: readonly ReadRequest[],
  maxBytes: number,
  { read, look }: Reading,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let room = Math.max(1, maxBytes);
  while (answers.length < requests.length) {
    const turn = room > 0 ? turnFrom(requests, answers.length, room) : restFrom(requests, answers.length);
    for (const answer of await Promise.all(turn.map(room > 0 ? read : look))) {
      answers.push(answer);
      room -= bytesOf(answer);
    }
  }
  return answers;
}

const restFrom = (requests: readonly ReadRequest[], place: number): readonly ReadRequest[] =>
  requests.slice(place, place + readsAtOnceMax);

/** As many as may fill the room together. */
function turnFrom(requests: readonly ReadRequest[], place: number, room: number): ReadRequest[] {
  const turn: ReadRequest[] = [];
  let wanted = 0;
  for (const request of restFrom(requests, place)) {
    if (wanted >= room) break;
    const maxBytes = Math.min(request.maxBytes, room);
    turn.push({ ...request, maxBytes });
    wanted += Math.max(1, maxBytes);
  }
  return turn;
}

/** Bytes of the batches of an answer. */
export function bytesOf(answer: Answer): number {
  if (answer instanceof KafkaError) return 0;
  let bytes = 0;
  for (const batch of answer.batches) bytes += batch.length;
  return bytes;
}
