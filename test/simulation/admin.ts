import type { Topic } from '../../shared/catalog/topic-cache.ts';
import type { LogConfig } from '../../shared/kafka/log-config.ts';
import type { TopicPlan } from './plan.ts';
import { happens, oneOf } from './scheduler.ts';
import { type Answer, conclude, type Slot, type World } from './world.ts';

/** Makes the topic, and says under which id everybody knows it. */
export async function createTopic(world: World, broker: Slot, plan: TopicPlan): Promise<Answer<unknown>> {
  const { name, partitions, config } = plan;
  const body = { does: 'createTopic' as const, topic: name, partitions };
  const operation = world.history.invoke('admin', body, world.clock.nowMs());
  const answer = await broker.ask(({ topics }) => topics.create({ name, partitions }));
  conclude(world, operation, answer, ({ topicId }) => ({ topicId }));
  learn(world, answer, config);
  return answer;
}

function learn(world: World, answer: Answer<Topic | undefined>, config: LogConfig): void {
  if (answer.is !== 'ok' || answer.value === undefined) return;
  const { name, topicId, partitions } = answer.value;
  world.learnTopic({ name, topicId, partitions, config });
}

/** What the name stands for just now, as a process that remembers nothing of it sees it. */
export async function describeTopic(world: World, broker: Slot, { name, config }: TopicPlan): Promise<void> {
  const operation = world.history.invoke(
    'admin',
    { does: 'describeTopic', topic: name },
    world.clock.nowMs(),
  );
  const answer = await broker.ask(({ topics }) => {
    topics.forget(name);
    return topics.find(name);
  });
  conclude(world, operation, answer, (topic) =>
    topic ? { topicId: topic.topicId, partitions: topic.partitions } : {},
  );
  learn(world, answer, config);
}

export async function deleteTopic(world: World, broker: Slot, { name }: TopicPlan): Promise<Answer<void>> {
  const operation = world.history.invoke('admin', { does: 'deleteTopic', topic: name }, world.clock.nowMs());
  const answer = await broker.ask(({ topics }) => topics.delete(name));
  conclude(world, operation, answer, () => ({}));
  return answer;
}

export async function addPartition(
  world: World,
  broker: Slot,
  { name, config }: TopicPlan,
  partitions: number,
): Promise<Answer<unknown>> {
  const body = { does: 'addPartitions' as const, topic: name, partitions };
  const operation = world.history.invoke('admin', body, world.clock.nowMs());
  const answer = await broker.ask(({ topics }) => topics.addPartitions(name, partitions));
  conclude(world, operation, answer, ({ topicId }) => ({ topicId }));
  learn(world, answer, config);
  return answer;
}

/** Deletes, makes again, enlarges and looks at a topic while everybody uses it. */
export async function restlessAdmin(world: World, plan: TopicPlan): Promise<void> {
  const deletions = happens(world.random, 0.6) ? 0.4 : 0;
  for (let step = 0; step < 8 && !world.isStopping; step++) {
    await world.pause(world.plan.tempoMs * 5);
    const broker = oneOf(world.random, world.brokers);
    const partitions = world.topics.find(({ name }) => name === plan.name)?.partitions ?? 7;
    if (happens(world.random, deletions)) await deleteTopic(world, broker, plan);
    else if (partitions < 7) await addPartition(world, broker, plan, partitions + 1);
    await describeTopic(world, oneOf(world.random, world.brokers), plan);
    await createTopic(world, oneOf(world.random, world.brokers), plan);
    await describeTopic(world, oneOf(world.random, world.brokers), plan);
  }
}
