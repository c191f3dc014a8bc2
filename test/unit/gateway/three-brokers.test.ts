import { afterEach, describe, expect, test } from 'vitest';
import { type Running, start } from '../../../local/start.ts';
import { kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { fetch } from '../../../shared/protocol/messages/fetch.ts';
import { findCoordinator } from '../../../shared/protocol/messages/find-coordinator.ts';
import { metadata } from '../../../shared/protocol/messages/metadata.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { zeroUuid } from '../../../shared/protocol/uuid.ts';
import { batchOf, fetchBody, produceBody, valuesOf } from '../../support/broker-engine.ts';
import { KafkaSocket } from '../../support/kafka-socket.ts';

const { code: none } = kafkaErrors.NONE;
let running: Running | undefined;
const clients: KafkaSocket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await running?.stop();
  running = undefined;
});

const portsOf = ({ bootstrapServers }: Running): number[] =>
  bootstrapServers.split(',').map((server) => Number(server.split(':').at(-1)));

async function connect(port: number | undefined): Promise<KafkaSocket> {
  const client = await KafkaSocket.open(port ?? 0);
  clients.push(client);
  return client;
}

/** Three brokers in one process, and a client of each. */
async function startThree() {
  running = await start({ brokers: 3, defaultPartitions: 6 });
  const ports = portsOf(running);
  const [one, two, three] = await Promise.all(ports.map(connect));
  if (!one || !two || !three) throw new Error('there are three brokers');
  return { running, ports, all: [one, two, three] as const };
}

async function metadataOf(client: KafkaSocket, name: string) {
  const { brokers, topics, clusterId, controllerId } = await client.call(metadata, 12, {
    topics: [{ name, topicId: zeroUuid }],
    allowAutoTopicCreation: true,
    includeTopicAuthorizedOperations: false,
  });
  const [topic] = topics;
  if (topic === undefined) throw new Error('Metadata answered no topic');
  expect(topic.errorCode).toBe(none);
  const leaders = topic.partitions.map(({ leaderId }) => leaderId);
  return { brokers, topic, leaders, clusterId, controllerId };
}

describe('three brokers in one process', () => {
  test('are told the same by each, and lead two of six partitions each', async () => {
    const { ports, all } = await startThree();
    const seen = [];
    for (const client of all) seen.push(await metadataOf(client, 'orders'));
    const [first] = seen;
    expect(first?.brokers.map(({ nodeId, host, port }) => [nodeId, host, port])).toEqual(
      ports.map((port, place) => [place + 1, '127.0.0.1', port]),
    );
    expect(seen[1]).toEqual(first);
    expect(seen[2]).toEqual(first);
    for (const id of [1, 2, 3]) expect(first?.leaders.filter((leader) => leader === id).length).toBe(2);
  });

  test('serve each partition, whoever leads it', async () => {
    const { all } = await startThree();
    const { topic } = await metadataOf(all[0], 'orders');
    for (const [place, client] of all.entries())
      for (let partition = 0; partition < 6; partition++) {
        const body = produceBody('orders', [batchOf([`by ${place}`])], { partition });
        const { responses } = await client.call(produce, 9, body);
        const expected = { index: partition, errorCode: none, baseOffset: BigInt(place) };
        expect(responses[0]?.partitionResponses).toMatchObject([expected]);
      }
    const wanted = [{ topic: { name: 'orders', topicId: topic.topicId }, partition: 4, offset: 0n }];
    for (const client of all) {
      const { responses } = await client.call(fetch, 17, fetchBody(wanted, { version: 17 }) as never);
      const [partition] = responses[0]?.partitions ?? [];
      expect(valuesOf(partition ?? { records: null }).map(([, value]) => value)).toEqual([
        'by 0',
        'by 1',
        'by 2',
      ]);
    }
  });

  test('one that waits at a broker hears of what another broker took', async () => {
    const { all } = await startThree();
    const { topic } = await metadataOf(all[0], 'orders');
    const wanted = [{ topic: { name: 'orders', topicId: topic.topicId }, partition: 0, offset: 0n }];
    const waiting = all[0].call(fetch, 12, fetchBody(wanted, { maxWaitMs: 20_000 }) as never);
    await all[2].call(produce, 9, produceBody('orders', [batchOf(['a'])]));
    const { responses } = await waiting;
    expect(valuesOf(responses[0]?.partitions[0] ?? { records: null })).toEqual([[0n, 'a']]);
  });

  test('the death of one moves its partitions and its groups to the living', async () => {
    const { running, ports, all } = await startThree();
    const before = await metadataOf(all[0], 'orders');
    await running.stopBroker(2);
    await all[1].closed;
    await expect(KafkaSocket.open(ports[1] ?? 0)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const after = await metadataOf(all[0], 'orders');
    expect(after).toEqual(await metadataOf(all[2], 'orders'));
    expect(after.brokers.map(({ nodeId }) => nodeId)).toEqual([1, 3]);
    expect(after.leaders).toEqual(before.leaders.map((id) => (id === 2 ? 3 : id)));
    const body = { keyType: 0, coordinatorKeys: Array.from({ length: 30 }, (_, n) => `group-${n}`) };
    const { coordinators } = await all[0].call(findCoordinator, 4, body);
    expect([...new Set(coordinators.map(({ nodeId }) => nodeId))].sort()).toEqual([1, 3]);
    for (let partition = 0; partition < 6; partition++) {
      const client = after.leaders[partition] === 1 ? all[0] : all[2];
      const { responses } = await client.call(
        produce,
        9,
        produceBody('orders', [batchOf(['a'])], { partition }),
      );
      expect(responses[0]?.partitionResponses[0]?.errorCode).toBe(none);
    }
  });
});
