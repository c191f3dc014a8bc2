import { ulid } from '../../base/ulid.ts';
import type { WaitOptions } from '../../groups/api.ts';
import { kafkaErrors } from '../../kafka/error-codes.ts';
import type { Invocation } from '../broker-context.ts';
import { codeOf, type Handler } from '../handler.ts';

const firstWithMemberIdRequired = 4; // KIP-394
const firstWithSkipAssignment = 9; // KIP-814

/**
 * A function waits for a while, and is called again; whoever holds the connection waits as long as it takes.
 */
export const waitOptions = (signal: AbortSignal, invoked: Invocation | undefined): WaitOptions => ({
  waitMsMax: invoked?.parkMsMax ?? Number.POSITIVE_INFINITY,
  canComeAgain: invoked !== undefined,
  isAgain: invoked?.again !== undefined,
  signal,
});

/** JoinGroup v0–9. Parked as long as the round takes; the connection is muted meanwhile, as in Kafka. */
export const joinGroup: Handler<'JoinGroup'> = async (
  broker,
  request,
  { version, clientId, caller, signal, invoked },
) => {
  const requestId = invoked?.requestId ?? ulid(broker.clock, broker.random);
  const waiting = waitOptions(signal, invoked);
  const joined = await broker.groups.joinGroup(
    {
      ...request,
      ...invoked?.again,
      clientId: clientId ?? '',
      clientHost: `/${caller.clientHost}`,
      requestId,
      requiresKnownMemberId: version >= firstWithMemberIdRequired,
      supportsSkippingAssignment: version >= firstWithSkipAssignment,
    },
    waiting,
  );
  if ('again' in joined) {
    if (invoked) return joined;
    const { memberId } = joined.again;
    return {
      errorCode: kafkaErrors.NOT_COORDINATOR.code,
      leader: '',
      memberId,
      protocolName: '',
      members: [],
    };
  }
  const { error, protocolName, members, ...rest } = joined;
  return {
    ...rest,
    errorCode: codeOf(error),
    // Only from v7 on may the name be absent.
    protocolName: version >= 7 ? protocolName : (protocolName ?? ''),
    members: [...members],
  };
};
