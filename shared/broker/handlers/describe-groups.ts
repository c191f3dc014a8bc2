import { kafkaErrors } from '../../kafka/error-codes.ts';
import { codeOf, type Handler } from '../handler.ts';

const firstWithNotFound = 6; // KIP-1043: before, what is not there is Dead

/** DescribeGroups v0–6, classic groups. */
export const describeGroups: Handler<'DescribeGroups'> = async (broker, request, { version }) => {
  const described = await broker.groups.describeGroups(request.groups);
  return {
    groups: described.map(({ error, members, ...group }) => {
      const isAbsent = error === 'GROUP_ID_NOT_FOUND';
      const shown = isAbsent && version < firstWithNotFound ? 'NONE' : error;
      const errorMessage = shown === 'NONE' ? null : kafkaErrors[shown].message;
      return { ...group, errorCode: codeOf(shown), errorMessage, members: [...members] };
    }),
  };
};
