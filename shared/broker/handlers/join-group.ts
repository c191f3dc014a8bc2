import { ulid } from '../../base/ulid.ts';
import { kafkaErrors } from '../../kafka/error-codes.ts';
import { codeOf, type Handler } from '../handler.ts';

const firstWithMemberIdRequired = 4; // KIP-394
const firstWithSkipAssignment = 9; // KIP-814

/** JoinGroup v0–9. Parked as long as the round takes; the connection is muted meanwhile, as in Kafka. */
export const joinGroup: Handler<'JoinGroup'> = async (
  broker,
  request,
  { version, clientId, caller, signal },
) => {
  const requestId = ulid(broker.clock, broker.random);
  const joined = await broker.groups.joinGroup(
    {
      ...request,
      clientId: clientId ?? '',
      clientHost: `/${caller.clientHost}`,
      requestId,
      requiresKnownMemberId: version >= firstWithMemberIdRequired,
      supportsSkippingAssignment: version >= firstWithSkipAssignment,
    },
    { waitMsMax: Number.POSITIVE_INFINITY, signal },
  );
  if ('again' in joined) {
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
