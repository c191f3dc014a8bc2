import { api, array, int16, int32, int64, optional, string } from '../schema.ts';

// v2: PRODUCER_FENCED. v3: flexible. From v4 on the request is one of brokers (KIP-890): not spoken here.
export const addPartitionsToTxn = api(
  { key: 24, name: 'AddPartitionsToTxn', versions: [0, 3], flexibleSince: 3 },
  {
    v3AndBelowTransactionalId: string,
    v3AndBelowProducerId: int64,
    v3AndBelowProducerEpoch: int16,
    v3AndBelowTopics: array({ name: string, partitions: array(int32) }),
  },
  {
    throttleTimeMs: optional(int32),
    resultsByTopicV3AndBelow: array({
      name: string,
      resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
    }),
  },
);
