import { kafkaErrors } from '../../kafka/error-codes.ts';
import { codeOf, type Handler } from '../handler.ts';

const nothing = new Uint8Array();

/** SyncGroup v0–5. Parked until the leader has assigned. */
export const syncGroup: Handler<'SyncGroup'> = async (broker, request, { signal }) => {
  const synced = await broker.groups.syncGroup(request, { waitMsMax: Number.POSITIVE_INFINITY, signal });
  if ('again' in synced) return { errorCode: kafkaErrors.REBALANCE_IN_PROGRESS.code, assignment: nothing };
  const { error, ...rest } = synced;
  return { errorCode: codeOf(error), ...rest };
};
