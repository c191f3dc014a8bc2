import { expect, test } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { systemRandom } from '../../../../shared/base/random.ts';
import { ulid } from '../../../../shared/base/ulid.ts';
import type { JoinGroupResponse } from '../../../../shared/groups/api.ts';
import {
  assignedPartitions,
  encodeAssignment,
  encodeSubscription,
} from '../../../../shared/groups/consumer-protocol.ts';
import type { GroupCoordinator } from '../../../../shared/groups/group-coordinator.ts';
import { RestClient } from '../../../support/rest-client.ts';
import { RestConsumer } from '../../../support/rest-consumer.ts';
import { openRestDoor } from '../../../support/rest-door.ts';

const groupId = 'mixed';

/** A consumer of the Kafka protocol, as far as its group sees it. */
async function join(
  coordinator: GroupCoordinator,
  protocol: string,
  topic: string,
  memberId = '',
): Promise<JoinGroupResponse> {
  const response = await coordinator.joinGroup({
    ...{ groupId, memberId, groupInstanceId: null, protocolType: 'consumer' },
    protocols: [{ name: protocol, metadata: encodeSubscription([topic]) }],
    ...{ sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 10_000, clientId: 'kafka', clientHost: '/127.0.0.1' },
    requestId: ulid(systemClock, systemRandom),
    ...{ requiresKnownMemberId: true, supportsSkippingAssignment: true },
  });
  if ('again' in response) throw new Error('the round did not end');
  const isFirst = response.error === 'MEMBER_ID_REQUIRED';
  return isFirst ? join(coordinator, protocol, topic, response.memberId) : response;
}

test.each(['range', 'roundrobin', 'RoundRobinAssigner'])(
  'an ordinary consumer that knows only %s shares a group that an instance leads',
  async (protocol) => {
    const door = await openRestDoor();
    const rest = new RestClient(door);
    const topic = await rest.newTopic(4);
    const consumer = await RestConsumer.of(rest, [topic], {}, groupId);
    await consumer.records('timeout=0');
    const { coordinator } = door.groups;
    const joining = join(coordinator, protocol, topic);
    // The instance hears of the round with its next fetch, joins again and assigns.
    const held = async (): Promise<number> => (await consumer.get('assignments')).json.partitions.length;
    for (let tries = 0; (await held()) !== 2 && tries < 50; tries++) await consumer.records('timeout=50');
    const { generationId, memberId, protocolName, leader } = await joining;
    expect([protocolName, leader === memberId]).toEqual([protocol, false]);
    const synced = await coordinator.syncGroup({
      ...{ groupId, generationId, memberId, groupInstanceId: null, protocolType: 'consumer', protocolName },
      assignments: [],
    });
    if ('again' in synced) throw new Error('the assignment did not come');
    expect(assignedPartitions(synced.assignment)).toHaveLength(2);
    await door.close();
  },
);

test('an instance takes what an ordinary leader assigns', async () => {
  const door = await openRestDoor();
  const rest = new RestClient(door);
  const topic = await rest.newTopic(3);
  const { coordinator } = door.groups;
  const first = await join(coordinator, 'range', topic);
  const consumer = await RestConsumer.of(rest, [topic], {}, groupId);
  await consumer.records('timeout=0');
  const { generationId, memberId, members } = await join(coordinator, 'range', topic, first.memberId);
  expect(members).toHaveLength(2);
  await coordinator.syncGroup({
    ...{ groupId, generationId, memberId, groupInstanceId: null },
    ...{ protocolType: 'consumer', protocolName: 'range' },
    assignments: members.map((member) => ({
      memberId: member.memberId,
      assignment: encodeAssignment(member.memberId === memberId ? [] : [{ topic, partition: 2 }]),
    })),
  });
  await consumer.records('timeout=100');
  expect((await consumer.get('assignments')).json).toEqual({ partitions: [{ topic, partition: 2 }] });
  await door.close();
});

test('an instance does not join a group of another protocol: 409 40903', async () => {
  const door = await openRestDoor();
  const rest = new RestClient(door);
  const topic = await rest.newTopic(1);
  await join(door.groups.coordinator, 'sticky-of-mine', topic);
  const reply = await (await RestConsumer.of(rest, [topic], {}, groupId)).fetch('timeout=0');
  expect([reply.status, reply.json.error_code]).toEqual([409, 40903]);
  await door.close();
});
