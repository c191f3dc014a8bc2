import type { Random } from '../../shared/base/random.ts';
import type { Answer } from '../../shared/broker/broker.ts';
import type { Caller } from '../../shared/broker/broker-context.ts';
import { kafkaErrorName, kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { type DecodedRequest, encodeResponse } from '../../shared/protocol/frame.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import { failedPartition, type Outcome } from './outcome.ts';
import { type Batch, callBytesMax } from './produce-call.ts';
import type { ProduceLanes } from './produce-lanes.ts';

type ProduceRequest = Extract<DecodedRequest, { name: 'Produce' }>;

/** Bytes of the random part of an ULID, of which the staging ids are made. */
const stagingIdBytes = 10;
const timeoutMsMin = 1_000;
const timeoutMsMax = 120_000;

export type ProduceFrom = {
  readonly request: ProduceRequest;
  readonly caller: Caller;
  readonly connection: AbortSignal;
};

/**
 * Puts the partitions of a Produce into their lanes before it returns, and answers when all are known, in the
 * order of the request.
 */
export function serveProduce(
  lanes: ProduceLanes,
  { request, caller, connection }: ProduceFrom,
  { random, nowMs }: { random: Random; nowMs: number },
): Promise<Answer> {
  const { body, apiVersion, clientId } = request;
  const timeoutMs = Math.min(timeoutMsMax, Math.max(timeoutMsMin, body.timeoutMs));
  const batches = body.topicData.flatMap(({ name, partitionData }) =>
    partitionData.map(
      ({ index, records }): Omit<Batch, 'resolve'> => ({
        ...{ topic: name, partition: index, records, connection, caller, clientId, version: apiVersion },
        ...{ acks: body.acks, transactionalId: body.transactionalId, timeoutMs, sinceMs: nowMs },
        stagingId: random.bytes(stagingIdBytes),
      }),
    ),
  );
  const fits = batches.filter(({ records }) => (records?.length ?? 0) <= callBytesMax);
  const appended = lanes.append(fits);
  const outcomes = batches.map((batch) => appended[fits.indexOf(batch)] ?? tooLarge);
  return Promise.all(outcomes).then((all) => answerOf(request, all));
}

const tooLarge: Outcome = failedPartition(
  kafkaErrors.MESSAGE_TOO_LARGE.code,
  `An invocation carries ${callBytesMax} bytes of a batch.`,
);

function answerOf({ body, apiVersion, correlationId }: ProduceRequest, outcomes: readonly Outcome[]): Answer {
  const closed = outcomes.find((outcome) => 'close' in outcome);
  if (closed && 'close' in closed) return { close: `Produce: ${closed.close}` };
  const known = outcomes.flatMap((outcome) => ('close' in outcome ? [] : [outcome]));
  if (body.acks === 0) {
    const failed = known.find(({ errorCode }) => errorCode !== kafkaErrors.NONE.code);
    return failed ? { close: `Produce: ${kafkaErrorName(failed.errorCode)}` } : 'none';
  }
  let place = 0;
  const responses = body.topicData.map(({ name, partitionData }) => ({
    name,
    partitionResponses: partitionData.map(({ index }) => ({
      ...(known[place++] ?? failedPartition(kafkaErrors.UNKNOWN_SERVER_ERROR.code, '')),
      index,
    })),
  }));
  return encodeResponse(produce, apiVersion, correlationId, { responses });
}
