import { kafkaErrors } from '../../kafka/error-codes.ts';
import { codeOf, type Handler } from '../handler.ts';

import { waitOptions } from './join-group.ts';

const nothing = new Uint8Array();

/** SyncGroup v0–5. Parked until the leader has assigned. */
export const syncGroup: Handler<'SyncGroup'> = async (broker, request, { signal, invoked }) => {
  const synced = await broker.groups.syncGroup(request, waitOptions(signal, invoked));
  if ('again' in synced && invoked) return synced;
  if ('again' in synced) return { errorCode: kafkaErrors.REBALANCE_IN_PROGRESS.code, assignment: nothing };
  const { error, ...rest } = synced;
  return { errorCode: codeOf(error), ...rest };
};
