import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../shared/base/random.ts';
import { type Ulid, ulid, ulidTimeMs } from '../../../shared/base/ulid.ts';
import type { CreateTopicRequest } from '../../../shared/catalog/topics.ts';
import type { KafkaErrorName } from '../../../shared/kafka/error-codes.ts';
import type { PartitionId } from '../../../shared/kafka/topic-partition.ts';
import { encodeEntry } from '../../../shared/storage/items/entry.ts';
import { jobsKey, readJobs } from '../../../shared/storage/items/jobs.ts';
import { partitionHeadKey } from '../../../shared/storage/items/partition-head.ts';
import { asUnkindAsDynamoDb } from '../../../shared/storage/memory/unkindness.ts';
import { append, set } from '../../../shared/storage/metadata-store.ts';
import { countingStores } from '../../support/counting-stores.ts';
import {
  type Ground,
  isInDeletedTopics,
  newGround,
  openTopics,
  partitionsThere,
  storedTopic,
} from './catalog-bench.ts';

const refusal = (errorName: KafkaErrorName) => expect.objectContaining({ errorName });

describe('creating a topic', () => {
  test('it has a fresh id, its partitions, its configs and every default', async () => {
    const ground = newGround();
    const topic = await openTopics(ground).create({
      name: 'orders',
      partitions: 3,
      configs: { 'retention.ms': ' 1000 ', 'cleanup.policy': 'compact, delete' },
    });
    expect(topic).toMatchObject({
      name: 'orders',
      partitions: 3,
      configs: { 'retention.ms': '1000', 'cleanup.policy': 'compact,delete' },
      createdMs: BigInt(ground.clock.nowMs()),
      logConfig: {
        retentionMs: 1000n,
        cleanupPolicy: ['compact', 'delete'],
        batchBytesMax: 1_048_588,
        segmentBytes: 16_777_216,
      },
    });
    expect(topic.topicId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await partitionsThere(ground, topic.topicId, 5)).toEqual({ heads: 3, jobs: 3 });
    expect(await openTopics(ground).get('orders')).toEqual(topic);
  });

  test.each([undefined, -1])('partitions %s means the default', async (partitions) => {
    const topics = openTopics(newGround(), { settings: { defaultPartitions: 6 } });
    const request: CreateTopicRequest = {
      name: 'orders',
      ...(partitions === undefined ? {} : { partitions }),
    };
    expect((await topics.create(request)).partitions).toBe(6);
  });

  test.each<[KafkaErrorName, CreateTopicRequest]>([
    ['INVALID_TOPIC_EXCEPTION', { name: 'a b' }],
    ['INVALID_TOPIC_EXCEPTION', { name: '' }],
    ['INVALID_REQUEST', { name: '__cluster_metadata' }],
    ['INVALID_PARTITIONS', { name: 'orders', partitions: 0 }],
    ['INVALID_PARTITIONS', { name: 'orders', partitions: -2 }],
    ['INVALID_PARTITIONS', { name: 'orders', partitions: 1.5 }],
    ['INVALID_PARTITIONS', { name: 'orders', partitions: Number.NaN }],
    ['INVALID_PARTITIONS', { name: 'orders', partitions: 2_001 }],
    ['INVALID_REPLICATION_FACTOR', { name: 'orders', replicationFactor: 0 }],
    ['INVALID_REPLICATION_FACTOR', { name: 'orders', replicationFactor: 4 }],
    ['INVALID_REPLICATION_FACTOR', { name: 'orders', replicationFactor: -2 }],
    ['INVALID_CONFIG', { name: 'orders', configs: { 'no.such': '1' } }],
    ['INVALID_CONFIG', { name: 'orders', configs: { 'retention.ms': null } }],
    ['INVALID_CONFIG', { name: 'orders', configs: { 'segment.bytes': '1' } }],
    ['INVALID_CONFIG', { name: 'orders', configs: { 'max.message.bytes': '4194305' } }],
  ])('%s refuses %j and nothing is stored', async (errorName, request) => {
    const ground = newGround();
    const stores = countingStores(ground.stores);
    const topics = openTopics({ ...ground, stores }, { settings: { messageBytesCap: 4_194_304 } });
    await expect(topics.create(request)).rejects.toThrow(refusal(errorName));
    expect(stores.counts.writeUnits).toBe(0);
  });

  test.each([-1, 1, 2, 3])('replication factor %i is taken', async (replicationFactor) => {
    await openTopics(newGround()).create({ name: 'orders', replicationFactor });
  });

  test('a name is taken once', async () => {
    const topics = openTopics(newGround());
    await topics.create({ name: 'orders' });
    await expect(topics.create({ name: 'orders' })).rejects.toThrow(refusal('TOPIC_ALREADY_EXISTS'));
  });

  test('a name that differs from another only by dot and underscore is refused', async () => {
    const topics = openTopics(newGround());
    await topics.create({ name: 'orders.eu_west' });
    await topics.create({ name: 'orders' });
    await topics.create({ name: 'orders-eu.west' });
    await expect(topics.create({ name: 'orders_eu.west' })).rejects.toThrow(
      refusal('INVALID_TOPIC_EXCEPTION'),
    );
  });

  test('validateOnly finds the same errors and makes nothing', async () => {
    const ground = newGround();
    const topics = openTopics(ground);
    expect(await topics.create({ name: 'orders', partitions: 2, validateOnly: true })).toMatchObject({
      partitions: 2,
    });
    expect(await storedTopic(ground, 'orders')).toBeUndefined();
    await topics.create({ name: 'orders' });
    await expect(topics.create({ name: 'orders', validateOnly: true })).rejects.toThrow(
      refusal('TOPIC_ALREADY_EXISTS'),
    );
  });

  test.each([1, 49, 50, 98, 99, 200])(
    'two creators of %i partitions at once: one topic, one refusal',
    async (partitions) => {
      const ground = newGround();
      const answers = await Promise.allSettled(
        [openTopics(ground), openTopics(ground)].map((topics) =>
          topics.create({ name: 'orders', partitions }),
        ),
      );
      const made = answers.filter((answer) => answer.status === 'fulfilled');
      const refused = answers.filter((answer) => answer.status === 'rejected');
      expect(made).toHaveLength(1);
      expect(refused[0]?.reason).toEqual(refusal('TOPIC_ALREADY_EXISTS'));
      const topic = await storedTopic(ground, 'orders');
      expect(topic?.topicId).toBe(made[0]?.value.topicId);
      const there = await partitionsThere(ground, topic?.topicId ?? '', partitions);
      expect(there).toEqual({ heads: partitions, jobs: partitions });
    },
  );

  test('on stores as unkind as DynamoDB one of many creators succeeds, the others are refused', async () => {
    const ground = newGround(asUnkindAsDynamoDb);
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => openTopics(ground).create({ name: 'orders', partitions: 60 })),
    );
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') expect(answer.reason).toEqual(refusal('TOPIC_ALREADY_EXISTS'));
    }
  });

  test('one partition costs one read and one store transaction', async () => {
    const ground = newGround();
    const stores = countingStores(ground.stores);
    await openTopics({ ...ground, stores }).create({ name: 'orders' });
    expect(stores.counts.calls).toEqual({ get: 1, transact: 1 });
  });
});

describe('adding partitions', () => {
  test('the topic has them, with their heads', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders', partitions: 2 });
    expect(await openTopics(ground).addPartitions('orders', 5)).toMatchObject({ topicId, partitions: 5 });
    expect((await openTopics(ground).get('orders')).partitions).toBe(5);
    expect(await partitionsThere(ground, topicId, 7)).toEqual({ heads: 5, jobs: 5 });
  });

  test.each([
    [2, 'INVALID_PARTITIONS'],
    [1, 'INVALID_PARTITIONS'],
    [0, 'INVALID_PARTITIONS'],
    [2_001, 'INVALID_PARTITIONS'],
    [2.5, 'INVALID_PARTITIONS'],
  ] as const)('%s partitions in place of 2 is refused', async (total, errorName) => {
    const topics = openTopics(newGround());
    await topics.create({ name: 'orders', partitions: 2 });
    await expect(topics.addPartitions('orders', total)).rejects.toThrow(refusal(errorName));
    await expect(topics.addPartitions('orders', total, { validateOnly: true })).rejects.toThrow(
      refusal(errorName),
    );
    expect((await topics.get('orders')).partitions).toBe(2);
  });

  test('a topic that is not there is unknown', async () => {
    const topics = openTopics(newGround());
    for (const name of ['orders', 'a b', 'x'.repeat(5000)]) {
      await expect(topics.addPartitions(name, 3)).rejects.toThrow(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
    }
  });

  test('validateOnly changes nothing', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    expect(await openTopics(ground).addPartitions('orders', 3, { validateOnly: true })).toMatchObject({
      partitions: 3,
    });
    expect((await openTopics(ground).get('orders')).partitions).toBe(1);
    expect(await partitionsThere(ground, topicId, 3)).toEqual({ heads: 1, jobs: 1 });
  });

  test('two who want the same number at once: one gets it, the other hears that it is not more', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    const answers = await Promise.allSettled(
      [openTopics(ground), openTopics(ground)].map((topics) => topics.addPartitions('orders', 4)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: refusal('INVALID_PARTITIONS'),
    });
    expect(await partitionsThere(ground, topicId, 6)).toEqual({ heads: 4, jobs: 4 });
  });

  test('of different numbers at once the larger one stands, and no head in use is made again', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    const head = partitionHeadKey({ topicId, partition: 1 });
    await Promise.allSettled([
      openTopics(ground).addPartitions('orders', 3),
      openTopics(ground)
        .addPartitions('orders', 6)
        .then(() => ground.stores.metadata.update(head, { changes: [set(['next'], 5n)] })),
    ]);
    expect((await openTopics(ground).get('orders')).partitions).toBe(6);
    expect(await partitionsThere(ground, topicId, 8)).toEqual({ heads: 6, jobs: 6 });
    expect((await ground.stores.metadata.get(head))?.next).toBe(5n);
  });
});

describe('deleting a topic', () => {
  test('nothing finds it, its heads are gone, and a note for the removal of its data stays', async () => {
    const ground = newGround();
    const topics = openTopics(ground);
    const { topicId } = await topics.create({ name: 'orders', partitions: 40 });
    await topics.delete('orders');
    expect(await topics.find('orders')).toBeUndefined();
    expect(await partitionsThere(ground, topicId, 40)).toEqual({ heads: 0, jobs: 40 });
    expect(await isInDeletedTopics(ground, topicId)).toBe(true);
    await expect(topics.get('orders')).rejects.toThrow(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
    await expect(topics.delete('orders')).rejects.toThrow(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
  });

  test('the name is free at once, for a topic of another id', async () => {
    const topics = openTopics(newGround());
    const { topicId } = await topics.create({ name: 'orders' });
    await topics.delete('orders');
    expect((await topics.create({ name: 'orders' })).topicId).not.toBe(topicId);
  });

  test('two deletes at once both end with the topic gone', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders', partitions: 3 });
    await Promise.allSettled(
      [openTopics(ground), openTopics(ground)].map((topics) => topics.delete('orders')),
    );
    expect(await storedTopic(ground, 'orders')).toBeUndefined();
    expect(await partitionsThere(ground, topicId, 3)).toMatchObject({ heads: 0 });
  });

  async function stage(ground: Ground, partition: PartitionId, ids: Ulid[]): Promise<void> {
    const entries = ids.map((id) =>
      encodeEntry({ recordCount: 1, sizeBytes: 900, maxTimestamp: 0n, at: { kind: 'item', id } }),
    );
    await ground.stores.metadata.update(partitionHeadKey(partition), {
      changes: [append(['tail'], entries)],
    });
  }

  async function stagedSwept({ stores }: Ground, partition: PartitionId): Promise<bigint> {
    return readJobs((await stores.metadata.get(jobsKey(partition))) ?? {}).stagedSweptMs;
  }

  test('what the tail had staged can still be listed by whoever removes the data', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders', partitions: 2 });
    const partitions = [0, 1].map((partition) => ({ topicId, partition }));
    const older = ulid(ground.clock, seededRandom(1));
    ground.clock.advance(7_200_000);
    const newer = ulid(ground.clock, seededRandom(2));
    await stage(ground, { topicId, partition: 0 }, [newer, older]);
    const swept = BigInt(ground.clock.nowMs());
    for (const partition of partitions) {
      await ground.stores.metadata.update(jobsKey(partition), { changes: [set(['stagedSwept'], swept)] });
    }
    await openTopics(ground).delete('orders');
    const now = await Promise.all(partitions.map((partition) => stagedSwept(ground, partition)));
    expect(now).toEqual([BigInt(ulidTimeMs(older)), swept]);
  });

  test('a sweep that has not come so far is not moved forward', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    const partition = { topicId, partition: 0 };
    const before = await stagedSwept(ground, partition);
    ground.clock.advance(1000);
    await stage(ground, partition, [ulid(ground.clock, seededRandom(1))]);
    await openTopics(ground).delete('orders');
    expect(await stagedSwept(ground, partition)).toBe(before);
  });
});

describe('what a process remembers', () => {
  test('a topic costs one read until its time is over', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders' });
    const stores = countingStores(ground.stores);
    const topics = openTopics({ ...ground, stores }, { settings: { cacheMs: 1000 } });
    await topics.find('orders');
    await topics.find('orders');
    ground.clock.advance(999);
    await topics.find('orders');
    expect(stores.counts.calls).toEqual({ get: 1 });
    ground.clock.advance(1);
    await topics.find('orders');
    expect(stores.counts.calls).toEqual({ get: 2 });
  });

  test('that a topic is missing is not remembered', async () => {
    const ground = newGround();
    const topics = openTopics(ground, { settings: { cacheMs: 60_000 } });
    expect(await topics.find('orders')).toBeUndefined();
    await openTopics(ground).create({ name: 'orders' });
    expect(await topics.find('orders')).toMatchObject({ name: 'orders' });
  });

  test('what another process changed is seen when the topic is forgotten', async () => {
    const ground = newGround();
    const topics = openTopics(ground, { settings: { cacheMs: 60_000 } });
    const { topicId } = await topics.create({ name: 'orders' });
    await openTopics(ground).delete('orders');
    expect((await topics.find('orders'))?.topicId).toBe(topicId);
    topics.forget('orders');
    expect(await topics.find('orders')).toBeUndefined();
    expect(await topics.findById(topicId)).toBeUndefined();
  });

  test('a process sees its own changes at once', async () => {
    const topics = openTopics(newGround(), { settings: { cacheMs: 60_000 } });
    await topics.create({ name: 'orders' });
    await topics.addPartitions('orders', 3);
    expect((await topics.get('orders')).partitions).toBe(3);
    await topics.alterConfigs('orders', [{ name: 'retention.ms', value: '5', operation: 'SET' }]);
    expect((await topics.get('orders')).logConfig.retentionMs).toBe(5n);
    await topics.delete('orders');
    expect(await topics.find('orders')).toBeUndefined();
  });

  test('a topic is found by its id', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    const topics = openTopics(ground, { settings: { cacheMs: 60_000 } });
    expect(await topics.findById(topicId)).toMatchObject({ name: 'orders' });
    expect(await topics.findById('f81d4fae-7dec-4d0a-a765-00a0c91e6bf6')).toBeUndefined();
  });

  test('a name that no topic can have is unknown without a read', async () => {
    const ground = newGround();
    const stores = countingStores(ground.stores);
    const topics = openTopics({ ...ground, stores });
    expect(await topics.find('x'.repeat(3000))).toBeUndefined();
    expect(await topics.find('a/b')).toBeUndefined();
    expect(stores.counts.calls).toEqual({});
  });

  test('topics are listed by name, over as many pages as it takes', async () => {
    const ground = newGround({ shortPages: 0.5 });
    const topics = openTopics(ground);
    for (const name of ['b', 'a.c', 'Z', '_x', 'a', '9']) await topics.create({ name });
    expect((await topics.list()).map(({ name }) => name)).toEqual(['9', 'Z', '_x', 'a', 'a.c', 'b']);
  });
});
