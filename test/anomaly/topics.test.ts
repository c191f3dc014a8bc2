import { describe, expect } from 'vitest';
import { addPartition, createTopic, deleteTopic, describeTopic } from '../simulation/admin.ts';
import type { Slot } from '../simulation/world.ts';
import { failsAtEveryCall } from './every-call.ts';
import { paddings, type Stage } from './stage.ts';

async function deleting(stage: Stage, by: Slot) {
  return deleteTopic(stage.world, by, stage.topic);
}

/** The topic is whole: every partition that it counts takes a record. */
async function appendToAll(stage: Stage): Promise<void> {
  await describeTopic(stage.world, stage.healthy, stage.topic);
  const known = stage.world.topics.find(({ name }) => name === stage.topic.name);
  for (let partition = 0; partition < (known?.partitions ?? 0); partition++) {
    const batch = stage.batch(paddings.item, undefined, partition);
    expect(await stage.send(stage.healthy, [batch])).toMatchObject({ is: 'ok' });
  }
}

describe('topic create', () => {
  failsAtEveryCall({
    name: 'a topic that was deleted is made again',
    prepare: async (stage) => {
      await stage.fill(3);
      await deleting(stage, stage.healthy);
    },
    operate: (stage, by) => createTopic(stage.world, by, stage.topic),
    mayAnswer: ['TOPIC_ALREADY_EXISTS'],
    verify: appendToAll,
  });
});

describe('topic delete', () => {
  failsAtEveryCall({
    name: 'a topic with segments, pages and a tail',
    prepare: async (stage) => {
      await stage.fill(4);
      const { id, config } = stage.partition();
      await stage.do(stage.healthy, ({ roll }) => roll(id, config, true));
      await stage.fill(3, paddings.object);
      await stage.fill(2);
    },
    operate: deleting,
    mayAnswer: ['UNKNOWN_TOPIC_OR_PARTITION'],
    verify: async (stage) => {
      const batch = stage.batch(paddings.item);
      const answer = await stage.send(stage.healthy, [batch]);
      expect(answer).toMatchObject({ is: 'fail', error: 'UNKNOWN_TOPIC_OR_PARTITION' });
    },
  });
});

describe('add partitions', () => {
  failsAtEveryCall({
    name: 'a third partition',
    prepare: (stage) => stage.fill(2),
    operate: (stage, by) => addPartition(stage.world, by, stage.topic, 3),
    mayAnswer: ['INVALID_PARTITIONS'],
    verify: appendToAll,
  });
});
