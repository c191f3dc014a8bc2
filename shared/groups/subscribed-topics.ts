import { RE2JS } from 're2js';
import { forEachAtMost } from '../base/concurrency.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import type { GroupCell } from '../storage/items/group-cell.ts';
import type { ConsumerMoment, KnownTopic } from './consumer-events.ts';
import type { GroupEvent } from './decide-group.ts';
import type { GroupContext, GroupTopic } from './group-context.ts';
import { groupLimits } from './group-settings.ts';

const lookupsAtOnce = 16;
const patternsRemembered = 1_000;
const topicsRemembered = 10_000;

/**
 * What this process knows of the topics that KIP-848 groups subscribe to. A regex is RE2, as in Kafka: it
 * takes linear time whatever it says, and the whole name has to match.
 */
export class SubscribedTopics {
  private readonly context: GroupContext;
  private readonly patterns = new Map<string, RE2JS>();
  private readonly found = new Map<string, KnownTopic & { readonly untilMs: number }>();
  private listed: { readonly topics: readonly GroupTopic[]; readonly untilMs: number } | undefined;

  constructor(context: GroupContext) {
    this.context = context;
  }

  /** Throws INVALID_REGULAR_EXPRESSION. */
  checkRegex(regex: string): void {
    this.patternOf(regex);
  }

  /** Whether a regex that was accepted matches a topic's name. */
  matches(regex: string, topic: string): boolean {
    return this.patternOf(regex).matches(topic);
  }

  /** The world as the pure rules want to know it, for this cell after these events. */
  async momentFor(cell: GroupCell, events: readonly GroupEvent[]): Promise<ConsumerMoment> {
    const { clock, settings } = this.context;
    const nowMs = clock.nowMs();
    const names = new Set<string>();
    const regexes = new Set<string>();
    const add = (topicNames: readonly string[] | null, regex: string | null): void => {
      for (const name of topicNames ?? []) names.add(name);
      if (regex !== null && regex !== '') regexes.add(regex);
    };
    const beats = events.filter((event) => event.kind === 'heartbeat');
    if (beats.length > 0) {
      for (const beat of beats) add(beat.subscribedTopicNames, beat.subscribedTopicRegex);
      for (const member of cell.type === 'consumer' ? cell.members : []) {
        add(member.subscribedTopicNames, member.subscribedTopicRegex);
      }
    }
    const matches = await this.matchesOf(regexes);
    for (const matched of matches.values()) for (const name of matched) names.add(name);
    return { nowMs, settings, topics: await this.find(names), matches };
  }

  private async find(names: ReadonlySet<string>): Promise<Map<string, KnownTopic>> {
    const found = new Map<string, KnownTopic>();
    await forEachAtMost(lookupsAtOnce, names, async (name) => {
      const topic = await this.look(name);
      if (topic !== undefined) found.set(name, topic);
    });
    return found;
  }

  /** That a topic is missing is never remembered: it may have been made just now, for this group. */
  private async look(name: string): Promise<KnownTopic | undefined> {
    const nowMs = this.context.clock.nowMs();
    const known = this.found.get(name);
    if (known !== undefined && nowMs < known.untilMs) return known;
    this.found.delete(name);
    const topic = await this.context.topics.find(name);
    if (topic === undefined) return undefined;
    if (this.found.size >= topicsRemembered) this.found.clear();
    const { topicId, partitions } = topic;
    const look = { topicId, partitions, untilMs: nowMs + groupLimits.topicsCheckMs };
    this.found.set(name, look);
    return look;
  }

  private async matchesOf(regexes: ReadonlySet<string>): Promise<Map<string, string[]>> {
    if (regexes.size === 0) return new Map();
    const topics = await this.list();
    return new Map(
      [...regexes].map((regex) => {
        const pattern = this.patternOf(regex);
        return [regex, topics.map(({ name }) => name).filter((name) => pattern.matches(name))];
      }),
    );
  }

  private async list(): Promise<readonly GroupTopic[]> {
    const { clock, topics } = this.context;
    if (this.listed !== undefined && clock.nowMs() < this.listed.untilMs) return this.listed.topics;
    const all = await topics.list();
    this.listed = { topics: all, untilMs: clock.nowMs() + groupLimits.regexCheckMs };
    return all;
  }

  private patternOf(regex: string): RE2JS {
    const known = this.patterns.get(regex);
    if (known !== undefined) return known;
    try {
      const pattern = RE2JS.compile(regex);
      if (this.patterns.size >= patternsRemembered) this.patterns.clear();
      this.patterns.set(regex, pattern);
      return pattern;
    } catch (cause) {
      const message = `The regular expression '${regex.slice(0, 200)}' is not one of RE2.`;
      throw new KafkaError('INVALID_REGULAR_EXPRESSION', message, { cause });
    }
  }
}
