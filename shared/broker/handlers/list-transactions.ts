import { type Handler, noError } from '../handler.ts';

/** As Kafka spells them (KIP-664). */
const states: ReadonlySet<string> = new Set([
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]);

/**
 * ListTransactions v0–1. There are no transactions here yet: nobody gets a producer id for a transactional
 * id.
 */
export const listTransactions: Handler<'ListTransactions'> = async (_broker, { stateFilters }) => ({
  errorCode: noError,
  unknownStateFilters: stateFilters.filter((state) => !states.has(state)),
  transactionStates: [],
});
