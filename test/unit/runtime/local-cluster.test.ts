import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { BrokerNode } from '../../../shared/broker/broker-context.ts';
import { LocalCluster } from '../../../shared/runtime/local-cluster.ts';

const nodes: BrokerNode[] = [1, 2, 3].map((id) => ({ id, host: '127.0.0.1', port: 9091 + id, rack: null }));
const newCluster = (): LocalCluster => new LocalCluster('cluster', () => nodes);
const topicIds = Array.from({ length: 60 }, () => randomUUID());

const leadersOf = (cluster: LocalCluster, topicId: string, partitions: number): number[] =>
  Array.from({ length: partitions }, (_, partition) => cluster.leaderOf(topicId, partition));
const timesOf = (leaders: readonly number[], id: number): number =>
  leaders.filter((leader) => leader === id).length;

describe('the brokers of one process', () => {
  test('share the partitions of every topic evenly', () => {
    const cluster = newCluster();
    for (const topicId of topicIds)
      for (const partitions of [1, 2, 3, 4, 6, 7, 50]) {
        const counts = [1, 2, 3].map((id) => timesOf(leadersOf(cluster, topicId, partitions), id));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      }
  });

  test('share the first partitions and the groups, too', () => {
    const cluster = newCluster();
    const first = topicIds.map((topicId) => cluster.leaderOf(topicId, 0));
    const groups = Array.from({ length: 60 }, (_, n) => cluster.coordinatorOf(`group-${n}`));
    for (const id of [1, 2, 3]) {
      expect(timesOf(first, id)).toBeGreaterThan(5);
      expect(timesOf(groups, id)).toBeGreaterThan(5);
    }
  });

  test('say the same twice, and in another process', () => {
    const [one, other] = [newCluster(), newCluster()];
    for (const topicId of topicIds) expect(leadersOf(one, topicId, 6)).toEqual(leadersOf(other, topicId, 6));
  });

  test('that live take over what a dead one led, and nothing else moves', () => {
    const cluster = newCluster();
    const before = topicIds.map((topicId) => leadersOf(cluster, topicId, 6));
    cluster.stop(2);
    expect(cluster.brokers.map(({ id }) => id)).toEqual([1, 3]);
    const after = topicIds.map((topicId) => leadersOf(cluster, topicId, 6));
    expect(after).toEqual(before.map((leaders) => leaders.map((id) => (id === 2 ? 3 : id))));
    cluster.stop(1);
    expect(cluster.controllerId).toBe(3);
    expect(topicIds.flatMap((topicId) => leadersOf(cluster, topicId, 6)).every((id) => id === 3)).toBe(true);
  });

  test('are all told when none lives: a client has nobody else to ask', () => {
    const cluster = newCluster();
    for (const id of [1, 2, 3]) cluster.stop(id);
    expect(cluster.brokers.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(cluster.leaderOf(randomUUID(), 0)).toBe(1);
  });
});
