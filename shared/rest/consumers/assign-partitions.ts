import type { TopicPartition } from '../../kafka/topic-partition.ts';

/** A member of a group, as its leader hears of it. */
export type Subscriber = { readonly memberId: string; readonly topics: readonly string[] };

export type Assignments = ReadonlyMap<string, readonly TopicPartition[]>;

/** Partition counts of topics that exist. */
export type PartitionCounts = ReadonlyMap<string, number>;

type Assignor = (subscribers: readonly Subscriber[], counts: PartitionCounts) => Assignments;

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const inOrder = (subscribers: readonly Subscriber[]): Subscriber[] =>
  [...subscribers].sort((a, b) => byText(a.memberId, b.memberId));

/** Each topic for itself: neighbouring partitions go to one member, the first members get one more. */
const range: Assignor = (subscribers, counts) => {
  const assignments = emptyFor(subscribers);
  for (const [topic, count] of counts) {
    const members = inOrder(subscribers).filter(({ topics }) => topics.includes(topic));
    for (const [place, { memberId }] of members.entries()) {
      const [least, more] = [Math.floor(count / members.length), count % members.length];
      const share = least + (place < more ? 1 : 0);
      const first = least * place + Math.min(place, more);
      for (let partition = first; partition < first + share; partition++) {
        assignments.get(memberId)?.push({ topic, partition });
      }
    }
  }
  return assignments;
};

/** All partitions of all topics in turn over all members, past those who do not subscribe to the topic. */
const roundRobin: Assignor = (subscribers, counts) => {
  const assignments = emptyFor(subscribers);
  const members = inOrder(subscribers);
  let turn = 0;
  for (const topic of [...counts.keys()].sort(byText)) {
    if (!members.some(({ topics }) => topics.includes(topic))) continue;
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition++) {
      while (!members[turn % members.length]?.topics.includes(topic)) turn++;
      const { memberId } = members[turn++ % members.length] as Subscriber;
      assignments.get(memberId)?.push({ topic, partition });
    }
  }
  return assignments;
};

const emptyFor = (subscribers: readonly Subscriber[]): Map<string, TopicPartition[]> =>
  new Map(subscribers.map(({ memberId }): [string, TopicPartition[]] => [memberId, []]));

/**
 * The protocols that an instance offers its group, the preferred one first: those that clients have in
 * common, by the names under which Java, librdkafka, kafka-python and Sarama (range, roundrobin) and kafkajs
 * know them. All three are eager: whoever joins holds nothing.
 */
export const assignors: Readonly<Record<string, Assignor>> = {
  range,
  roundrobin: roundRobin,
  RoundRobinAssigner: roundRobin,
};
