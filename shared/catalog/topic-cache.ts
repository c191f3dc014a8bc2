import type { Clock } from '../base/clock.ts';
import { limits } from '../kafka/limits.ts';
import type { LogConfig } from '../kafka/log-config.ts';
import type { TopicId } from '../kafka/topic-partition.ts';

/** A live topic as the doors see it. */
export type Topic = {
  readonly name: string;
  readonly topicId: TopicId;
  readonly partitions: number;
  /** What was set for this topic; everything else is a default. */
  readonly configs: { readonly [name: string]: string };
  readonly createdMs: bigint;
  readonly logConfig: LogConfig;
};

type Remembered = { readonly topic: Topic; readonly untilMs: number };

/**
 * What this process knows of topics, each for a short time. That a topic is missing is never remembered: the
 * client that has just made it elsewhere would not understand.
 */
export class TopicCache {
  private readonly byName = new Map<string, Remembered>();
  private readonly names = new Map<TopicId, string>();
  private readonly clock: Clock;
  private readonly cacheMs: number;
  private changes = 0;

  constructor(clock: Clock, cacheMs: number) {
    this.clock = clock;
    this.cacheMs = cacheMs;
  }

  get(name: string): Topic | undefined {
    const remembered = this.byName.get(name);
    if (remembered === undefined) return undefined;
    if (this.clock.nowMs() < remembered.untilMs) return remembered.topic;
    this.drop(name);
    return undefined;
  }

  getById(topicId: TopicId): Topic | undefined {
    const name = this.names.get(topicId);
    return name === undefined ? undefined : this.get(name);
  }

  /** Remembers what this process has just written. */
  put(topic: Topic): void {
    this.changes++;
    this.remember(topic);
  }

  forget(name: string): void {
    this.changes++;
    this.drop(name);
  }

  /** Remembers what `load` finds, unless something was written or forgotten while it read. */
  async filledBy<T extends readonly Topic[]>(load: () => Promise<T>): Promise<T> {
    const before = this.changes;
    const found = await load();
    if (before === this.changes) for (const topic of found) this.remember(topic);
    return found;
  }

  private remember(topic: Topic): void {
    if (this.cacheMs <= 0) return;
    this.drop(topic.name);
    for (const first of this.byName.keys()) {
      if (this.byName.size < limits.topicsCachedMax) break;
      this.drop(first);
    }
    this.byName.set(topic.name, { topic, untilMs: this.clock.nowMs() + this.cacheMs });
    this.names.set(topic.topicId, topic.name);
  }

  private drop(name: string): void {
    const remembered = this.byName.get(name);
    if (remembered === undefined) return;
    this.byName.delete(name);
    this.names.delete(remembered.topic.topicId);
  }
}
