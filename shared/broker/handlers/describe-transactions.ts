import type { ResponseOf } from '../../protocol/messages/index.ts';
import { codeOf, type Handler } from '../handler.ts';

type TransactionAnswer = ResponseOf<'DescribeTransactions'>['transactionStates'][number];

/**
 * DescribeTransactions v0. There are no transactions here yet: nobody gets a producer id for a transactional
 * id.
 */
export const describeTransactions: Handler<'DescribeTransactions'> = async (
  _broker,
  { transactionalIds },
) => ({
  transactionStates: transactionalIds.map(
    (transactionalId): TransactionAnswer => ({
      errorCode: codeOf(transactionalId === '' ? 'INVALID_REQUEST' : 'TRANSACTIONAL_ID_NOT_FOUND'),
      transactionalId,
      transactionState: '',
      transactionTimeoutMs: 0,
      transactionStartTimeMs: 0n,
      producerId: 0n,
      producerEpoch: 0,
      topics: [],
    }),
  ),
});
