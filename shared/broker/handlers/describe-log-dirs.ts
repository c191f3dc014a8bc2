import type { Topic } from '../../catalog/topic-cache.ts';
import { isKafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { byTopic } from '../by-topic.ts';
import { failureOf, type Handler, noError } from '../handler.ts';
import { partitionsOnce } from '../partitions-asked.ts';

type Request = RequestOf<'DescribeLogDirs'>;
type LogDir = ResponseOf<'DescribeLogDirs'>['results'][number];
type Placed = { topic: string; topicId: string; partition: number };

/** There are no folders: all that a broker leads lies in one place, whose size nobody knows. */
const logDir = '/millrace';

/**
 * DescribeLogDirs v1–4. Every broker tells of the partitions it is said to lead, so that who asks them all
 * counts each once. What is not there is left out, as in Kafka.
 */
export const describeLogDirs: Handler<'DescribeLogDirs'> = async (broker, request, { caller }) => {
  try {
    const placed = (await placedOf(broker, request)).filter(
      ({ topicId, partition }) => broker.cluster.leaderOf(topicId, partition) === caller.brokerId,
    );
    const sized = await answerEach(placed, async (one) => ({ ...one, sizeBytes: await sizeOf(broker, one) }));
    const topics = byTopic(
      sized.filter(({ sizeBytes }) => sizeBytes !== undefined),
      ({ partition, sizeBytes = 0n }) => ({
        partitionIndex: partition,
        partitionSize: sizeBytes,
        offsetLag: 0n,
        isFutureKey: false,
      }),
    );
    return { results: [{ errorCode: noError, logDir, topics }] };
  } catch (error) {
    const { errorCode } = failureOf(broker, error, 'KAFKA_STORAGE_ERROR');
    return { results: [{ errorCode, logDir, topics: [] } satisfies LogDir] };
  }
};

async function placedOf({ topics }: BrokerContext, { topics: wanted }: Request): Promise<Placed[]> {
  if (wanted === null) return (await topics.list()).flatMap(placedAll);
  const names = [...new Set(wanted.map(({ topic }) => topic))];
  const found = new Map(await answerEach(names, async (name) => [name, await topics.find(name)] as const));
  const asked = partitionsOnce(wanted.map(({ topic: name, partitions }) => ({ name, partitions })));
  return asked.flatMap(({ topic: name, partition }) => {
    const topic = found.get(name);
    const isThere = topic !== undefined && partition >= 0 && partition < topic.partitions;
    return isThere ? [{ topic: name, topicId: topic.topicId, partition }] : [];
  });
}

const placedAll = ({ name, topicId, partitions }: Topic): Placed[] =>
  Array.from({ length: partitions }, (_, partition) => ({ topic: name, topicId, partition }));

/** Undefined when it is deleted meanwhile. */
async function sizeOf({ logs }: BrokerContext, partition: Placed): Promise<bigint | undefined> {
  try {
    return await logs.sizeBytes(partition);
  } catch (error) {
    if (isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) return undefined;
    throw error;
  }
}
