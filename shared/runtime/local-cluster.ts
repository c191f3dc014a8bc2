import type { BrokerCluster, BrokerNode } from '../broker/broker-context.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import { livingFrom } from './broker-spread.ts';

/**
 * The brokers of one process: one a Kafka listener. Leaders go round robin over all known ids, from a start
 * that depends on the topic; a stopped listener's partitions go to the next that lives.
 */
export class LocalCluster implements BrokerCluster {
  readonly clusterId: string;
  private readonly nodes: () => readonly BrokerNode[];
  private readonly stopped = new Set<number>();

  /** `nodes`: every known broker, by id; known once the listeners are open. */
  constructor(clusterId: string, nodes: () => readonly BrokerNode[]) {
    this.clusterId = clusterId;
    this.nodes = nodes;
  }

  get brokers(): readonly BrokerNode[] {
    const living = this.nodes().filter(({ id }) => !this.stopped.has(id));
    return living.length > 0 ? living : this.nodes();
  }

  get controllerId(): number {
    return this.brokers[0]?.id ?? 1;
  }

  leaderOf(topicId: TopicId, partition: number): number {
    return this.livingFrom(topicId, partition);
  }

  coordinatorOf(key: string): number {
    return this.livingFrom(key);
  }

  /** The broker's listener is gone: clients are told of the others. */
  stop(brokerId: number): void {
    this.stopped.add(brokerId);
  }

  private livingFrom(start: string, partition = 0): number {
    const known = this.nodes().map(({ id }) => id);
    return livingFrom(known, (id) => !this.stopped.has(id), start, partition) ?? this.controllerId;
  }
}
