import type { GroupError } from '../../shared/groups/api.ts';
import type { OffsetDeleteResponse } from '../../shared/groups/offsets-api.ts';
import { addPartition, describeTopic } from './admin.ts';
import { type GroupCalls, judged, topicName } from './group-calls.ts';
import { oneOf } from './scheduler.ts';
import { type Answer, conclude } from './world.ts';

/** Tools look on, delete what they may, and make the topic larger, while everybody uses the group. */
export async function groupAdmin(calls: GroupCalls): Promise<void> {
  const { world, plan } = calls;
  const { deletesGroups, deletesOffsets, growsTopic, steps } = plan.admin;
  const kinds = [look, expire];
  if (deletesGroups) kinds.push(deleteGroup);
  if (deletesOffsets) kinds.push(deleteOffsets);
  if (growsTopic) kinds.push(growTopic, growTopic);
  for (let step = 0; step < steps && calls.mustEndMs === undefined; step++) {
    await world.pause(plan.tempoMs * 4);
    await oneOf(world.random, kinds)(calls);
  }
}

async function look(calls: GroupCalls): Promise<void> {
  const { group } = calls.plan;
  await calls.ask(({ groups }) => groups.coordinator.listGroups());
  await calls.ask(({ groups }) => groups.coordinator.describeGroups([group]));
  await calls.ask(({ groups }) => groups.coordinator.consumerGroupDescribe([group]));
  const partitions = null;
  const request = { groupId: group, partitions, memberId: '', memberEpoch: -1, requireStable: false };
  await calls.ask(({ groups }) => groups.offsets.fetch(request));
}

const forgetting = (calls: GroupCalls, does: 'deleteOffsets' | 'deleteGroup' | 'expireOffsets') => {
  const { world, plan } = calls;
  const numbersKeptMs = plan.settings.offsetsRetentionMs ?? 0;
  return world.history.invoke('admin', { does, group: plan.group, numbersKeptMs }, world.clock.nowMs());
};

async function deleteOffsets(calls: GroupCalls): Promise<void> {
  const { world, plan } = calls;
  const partitions = [0, 1].map((partition) => ({ topic: topicName, partition }));
  const operation = forgetting(calls, 'deleteOffsets');
  const answer: Answer<OffsetDeleteResponse> = await calls.ask(({ groups }) =>
    groups.offsets.delete(plan.group, partitions),
  );
  // Of a topic that is subscribed to, nothing is forgotten.
  const error = answer.is === 'ok' ? (answer.value.partitions[0]?.error ?? 'NONE') : 'NONE';
  const isRefused = answer.is === 'ok' && answer.value.error === 'NONE' && error !== 'NONE';
  conclude(world, operation, isRefused ? { is: 'fail', error } : judged(answer), () => ({}));
}

export async function deleteGroup(calls: GroupCalls): Promise<void> {
  const { world, plan } = calls;
  const operation = forgetting(calls, 'deleteGroup');
  const answer = await calls.ask(async ({ groups }): Promise<GroupError> => {
    const [deleted] = await groups.coordinator.deleteGroups([plan.group]);
    return deleted ?? { groupId: plan.group, error: 'NONE' };
  });
  conclude(world, operation, judged(answer), () => ({}));
}

async function expire(calls: GroupCalls): Promise<void> {
  const operation = forgetting(calls, 'expireOffsets');
  const answer = await calls.ask(({ groups }) => groups.expireOffsets());
  const hasForgotten =
    answer.is !== 'ok' ||
    answer.value.offsets > 0 ||
    answer.value.groups.length + answer.value.failed.length > 0;
  if (hasForgotten) conclude(calls.world, operation, answer, () => ({}));
  else calls.world.history.fail(operation, 'nothing was old enough', calls.world.clock.nowMs());
}

export async function growTopic(calls: GroupCalls): Promise<void> {
  const { world } = calls;
  const [topic] = world.plan.topics;
  const known = world.topics.find(({ name }) => name === topicName);
  if (topic === undefined || known === undefined || known.partitions >= 7) return;
  const broker = oneOf(world.random, world.brokers);
  await addPartition(world, broker, topic, known.partitions + 1);
  await describeTopic(world, broker, topic);
}
