import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { alterConfigs } from '../../../../shared/protocol/messages/alter-configs.ts';
import { createPartitions } from '../../../../shared/protocol/messages/create-partitions.ts';
import { createTopics } from '../../../../shared/protocol/messages/create-topics.ts';
import { deleteRecords } from '../../../../shared/protocol/messages/delete-records.ts';
import { deleteTopics } from '../../../../shared/protocol/messages/delete-topics.ts';
import { describeConfigs } from '../../../../shared/protocol/messages/describe-configs.ts';
import { describeLogDirs } from '../../../../shared/protocol/messages/describe-log-dirs.ts';
import { describeProducers } from '../../../../shared/protocol/messages/describe-producers.ts';
import { describeTopicPartitions } from '../../../../shared/protocol/messages/describe-topic-partitions.ts';
import { electLeaders } from '../../../../shared/protocol/messages/elect-leaders.ts';
import { listConfigResources } from '../../../../shared/protocol/messages/list-config-resources.ts';
import { zeroUuid } from '../../../../shared/protocol/uuid.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import { type BrokerEngine, call, openBroker } from '../../../support/broker-engine.ts';
import { faultyStores } from '../../../support/faulty-stores.ts';
import { code } from './admin-bench.ts';

const name = 'orders';
const timedOut = code('REQUEST_TIMED_OUT');
const storage = code('KAFKA_STORAGE_ERROR');

describe('while the store cannot be used', () => {
  let broker: BrokerEngine;
  let works = true;

  beforeEach(async () => {
    const inner = openMemoryStores({ clock: systemClock, random: seededRandom(6) });
    const stores = faultyStores(inner, () => (works ? 'ok' : 'unavailable'), systemClock);
    works = true;
    broker = openBroker({ stores, topicCacheMs: 0 });
    await broker.topics.create({ name });
    works = false;
  });

  const configs = [{ name: 'retention.ms', value: '1' }];
  const resource = { resourceType: 2, resourceName: name };
  const asked = { name, partitionIndexes: [0] };
  const codesOf: readonly [string, (broker: BrokerEngine) => Promise<number | undefined>, number][] = [
    [
      'CreateTopics',
      async (to) => {
        const topic = { name: 'other', numPartitions: 1, replicationFactor: 1, assignments: [], configs };
        return (await call(to, createTopics, 7, { topics: [topic] })).topics[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'DeleteTopics',
      async (to) => {
        const topics = [{ name, topicId: zeroUuid }];
        return (await call(to, deleteTopics, 6, { topics, timeoutMs: 1 })).responses[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'CreatePartitions',
      async (to) => {
        const body = { topics: [{ name, count: 2, assignments: null }], timeoutMs: 1, validateOnly: false };
        return (await call(to, createPartitions, 3, body)).results[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'DescribeConfigs',
      async (to) => {
        const resources = [{ ...resource, configurationKeys: null }];
        return (await call(to, describeConfigs, 4, { resources })).results[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'AlterConfigs',
      async (to) => {
        const body = { resources: [{ ...resource, configs }], validateOnly: false };
        return (await call(to, alterConfigs, 2, body)).responses[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'DeleteRecords',
      async (to) => {
        const topics = [{ name, partitions: [{ partitionIndex: 0, offset: 0n }] }];
        const answer = await call(to, deleteRecords, 2, { topics, timeoutMs: 1 });
        return answer.topics[0]?.partitions[0]?.errorCode;
      },
      storage,
    ],
    [
      'DescribeLogDirs',
      async (to) => (await call(to, describeLogDirs, 4, { topics: null })).results[0]?.errorCode,
      storage,
    ],
    [
      'DescribeProducers',
      async (to) => {
        const answer = await call(to, describeProducers, 0, { topics: [asked] });
        return answer.topics[0]?.partitions[0]?.errorCode;
      },
      storage,
    ],
    [
      'ElectLeaders',
      async (to) => {
        const topicPartitions = [{ topic: name, partitions: [0] }];
        const answer = await call(to, electLeaders, 2, { topicPartitions });
        return answer.replicaElectionResults[0]?.partitionResult[0]?.errorCode;
      },
      timedOut,
    ],
    [
      'ListConfigResources',
      async (to) => (await call(to, listConfigResources, 1, { resourceTypes: [] })).errorCode,
      timedOut,
    ],
    [
      'DescribeTopicPartitions by name',
      async (to) => (await call(to, describeTopicPartitions, 0, { topics: [{ name }] })).topics[0]?.errorCode,
      storage,
    ],
  ];

  test.each(codesOf)(
    '%s answers an error that clients repeat, and goes on afterwards',
    async (_api, ask, expected) => {
      expect(await ask(broker)).toBe(expected);
      works = true;
      expect(await ask(broker)).not.toBe(expected);
    },
  );
});
