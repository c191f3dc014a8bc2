import { concatBytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { HeartbeatResponse } from '../groups/api.ts';
import { HeartbeatHolds } from '../groups/heartbeat-holds.ts';
import { type KafkaErrorName, kafkaErrorName } from '../kafka/error-codes.ts';
import { type DecodedRequest, decodeRequest, decodeResponse, encodeResponse } from '../protocol/frame.ts';
import { heartbeat } from '../protocol/messages/heartbeat.ts';
import type { ApiName } from '../protocol/messages/index.ts';
import { offsetCommit } from '../protocol/messages/offset-commit.ts';
import type { Answer } from './broker.ts';
import { codeOf, type Standing } from './handler.ts';

/** What a function has answered. */
export type Given = Answer | Standing<readonly Uint8Array[]>;
type Asked<Name extends ApiName> = Extract<DecodedRequest, { name: Name }>;
type Watch<Name extends ApiName> = (
  holds: HeartbeatHolds,
  request: Asked<Name>,
  ask: () => Promise<Given>,
) => Promise<Given>;

/**
 * `gateway.heartbeat.hold.ms` for a gateway that sees frames alone: it answers Heartbeats for a while as the
 * function has, and watches what else goes by of a group.
 */
export class HeldFrames {
  private readonly isOn: boolean;
  private readonly holds: HeartbeatHolds;

  constructor({ clock, heartbeatHoldMs }: { readonly clock: Clock; readonly heartbeatHoldMs: number }) {
    this.isOn = heartbeatHoldMs > 0;
    this.holds = new HeartbeatHolds(clock, heartbeatHoldMs);
  }

  /** The answer to a request of this API, for which `ask` asks a function unless the answer is held. */
  async serve(name: ApiName, frame: Uint8Array, ask: () => Promise<Given>): Promise<Answer> {
    const watch = this.isOn ? watches[name] : undefined;
    const request = watch && readable(frame);
    const given = watch && request ? await (watch as Watch<ApiName>)(this.holds, request, ask) : await ask();
    return answerOf(given);
  }
}

const answerOf = (given: Given): Answer =>
  typeof given === 'object' && 'standing' in given ? given.standing : given;

/** Undefined: the function says what is wrong with it. */
function readable(frame: Uint8Array): DecodedRequest | undefined {
  try {
    return decodeRequest(frame);
  } catch {
    return undefined;
  }
}

/** What changes a group. */
const changes = (
  holds: HeartbeatHolds,
  { body }: { readonly body: { readonly groupId: string } },
  ask: () => Promise<Given>,
): Promise<Given> => holds.during([body.groupId], ask);

const watches: { readonly [Name in ApiName]?: Watch<Name> } = {
  Heartbeat: async (holds, { apiVersion, correlationId, body }, ask) => {
    const given = await holds.heartbeat(body, ask, (answer) => heardIn(apiVersion, answer));
    return given === 'held'
      ? encodeResponse(heartbeat, apiVersion, correlationId, { errorCode: codeOf('NONE') })
      : given;
  },
  JoinGroup: changes,
  SyncGroup: changes,
  LeaveGroup: changes,
  DeleteGroups: (holds, { body }, ask) => holds.during(body.groupsNames, ask),
  OffsetCommit: async (holds, { apiVersion, body }, ask) => {
    const given = await ask();
    holds.heard(body.groupId, commitErrors(apiVersion, answerOf(given)));
    return given;
  },
};

function heardIn(version: number, given: Given): HeartbeatResponse {
  const response = bytesOf(answerOf(given));
  if (response === undefined) return { error: 'UNKNOWN_SERVER_ERROR', mayStandMs: 0 };
  const { body } = decodeResponse(heartbeat, version, response);
  const isStanding = typeof given === 'object' && 'standing' in given;
  return { error: kafkaErrorName(body.errorCode), mayStandMs: isStanding ? given.mayStandMs : 0 };
}

function commitErrors(version: number, answer: Answer): KafkaErrorName[] {
  const response = bytesOf(answer);
  if (response === undefined) return [];
  const { body } = decodeResponse(offsetCommit, version, response);
  return body.topics.flatMap(({ partitions }) =>
    partitions.map(({ errorCode }) => kafkaErrorName(errorCode)),
  );
}

/** A response without its size; undefined where there is none. */
const bytesOf = (answer: Answer): Uint8Array | undefined =>
  typeof answer === 'string' || 'close' in answer ? undefined : concatBytes(answer).subarray(4);
