import { type Handler, noError } from '../handler.ts';

/** ListPartitionReassignments v0. No partition is ever on its way from broker to broker. */
export const listPartitionReassignments: Handler<'ListPartitionReassignments'> = async () => ({
  errorCode: noError,
  errorMessage: null,
  topics: [],
});
