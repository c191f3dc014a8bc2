import type { BrokerCluster, BrokerNode } from '../broker/broker-context.ts';
import type { TopicId } from '../kafka/topic-partition.ts';

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
    return this.livingFrom(spreadOf(topicId) + partition);
  }

  coordinatorOf(key: string): number {
    return this.livingFrom(spreadOf(key));
  }

  /** The broker's listener is gone: clients are told of the others. */
  stop(brokerId: number): void {
    this.stopped.add(brokerId);
  }

  private livingFrom(place: number): number {
    const nodes = this.nodes();
    for (let step = 0; step < nodes.length; step++) {
      const node = nodes[(place + step) % nodes.length];
      if (node && !this.stopped.has(node.id)) return node.id;
    }
    return this.controllerId;
  }
}

/** A number that stays the same for the same text (FNV-1a): where the round robin begins. */
function spreadOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
