import { describe, expect, test } from 'vitest';
import { KafkaError } from '../../../shared/kafka/error-codes.ts';
import {
  fateName,
  fates,
  newGround,
  openTopics,
  partitionsThere,
  runWithFault,
  storedTopic,
} from './catalog-bench.ts';

const unknownId = expect.objectContaining({ errorName: 'UNKNOWN_TOPIC_ID' });
const stranger = '11111111-1111-4111-8111-111111111111';

describe('deleting a topic by its id', () => {
  test('removes that topic', async () => {
    const ground = newGround();
    const topics = openTopics(ground);
    const { topicId } = await topics.create({ name: 'orders', partitions: 2 });
    await topics.delete('orders', topicId);
    expect(await storedTopic(ground, 'orders')).toBeUndefined();
    expect(await partitionsThere(ground, topicId, 2)).toEqual({ heads: 0, jobs: 2 });
  });

  test('is UNKNOWN_TOPIC_ID where the name is not there, or is another topic’s', async () => {
    const ground = newGround();
    const topics = openTopics(ground);
    await expect(topics.delete('orders', stranger)).rejects.toEqual(unknownId);
    const { topicId } = await topics.create({ name: 'orders' });
    await expect(topics.delete('orders', stranger)).rejects.toEqual(unknownId);
    expect(await storedTopic(ground, 'orders')).toMatchObject({ topicId, state: 'live' });
  });

  test('finishes what was left half deleted', async () => {
    const ground = newGround();
    const { topicId } = await openTopics(ground).create({ name: 'orders' });
    await runWithFault(ground, 3, 'dies before', (stores) =>
      openTopics({ ...ground, stores }).delete('orders', topicId),
    );
    expect(await storedTopic(ground, 'orders')).toMatchObject({ state: 'deleting' });
    await openTopics(ground).delete('orders', topicId);
    expect(await storedTopic(ground, 'orders')).toBeUndefined();
  });

  test.each(fates.map((fate) => [fateName(fate), fate] as const))(
    'never says that the topic was not there when a store call is %s: it is gone, or the store failed',
    async (_name, fate) => {
      for (let number = 1; ; number++) {
        const ground = newGround();
        const { topicId } = await openTopics(ground).create({ name: 'orders' });
        const { ending, wasMet } = await runWithFault(ground, number, fate, (stores) =>
          openTopics({ ...ground, stores }).delete('orders', topicId),
        );
        if (ending.is === 'failed') expect(ending.error, `call ${number}`).not.toBeInstanceOf(KafkaError);
        if (ending.is === 'done')
          expect(await storedTopic(ground, 'orders'), `call ${number}`).toBeUndefined();
        if (!wasMet) return;
      }
    },
  );
});
