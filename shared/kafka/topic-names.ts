import { KafkaError } from './error-codes.ts';
import { limits } from './limits.ts';

/**
 * What Kafka keeps its own state in. Here that state is items, so topics of these names do not exist by
 * themselves.
 */
const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

const clusterMetadataTopic = '__cluster_metadata';

const legalCharacters = /^[a-zA-Z0-9._-]+$/;

/** Whether Kafka counts the topic as internal: tools hide such topics by default. */
export const isInternalTopic = (name: string): boolean => internalTopics.has(name);

/** Why Kafka would refuse the name, or undefined when it is legal. */
export function whyIllegalTopicName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name === '.' || name === '..') return `'${name}' is not allowed`;
  if (name.length > limits.topicNameLengthMax) {
    return `it has ${name.length} characters, ${limits.topicNameLengthMax} are allowed`;
  }
  if (!legalCharacters.test(name)) {
    return `only ASCII letters, digits, '.', '_' and '-' are allowed`;
  }
  return undefined;
}

/** Throws INVALID_TOPIC_EXCEPTION unless the name is legal. */
export function checkTopicName(name: string): void {
  const reason = whyIllegalTopicName(name);
  if (reason === undefined) return;
  const shown = name.length > limits.topicNameLengthMax ? `${name.slice(0, 40)}…` : name;
  throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic name '${shown}' is invalid: ${reason}.`);
}

/**
 * Throws unless a topic of this name may be made: INVALID_TOPIC_EXCEPTION for an illegal name,
 * INVALID_REQUEST for the one that Kafka's controller keeps for itself.
 */
export function checkNewTopicName(name: string): void {
  checkTopicName(name);
  if (name === clusterMetadataTopic) {
    throw new KafkaError('INVALID_REQUEST', `Topic ${name} is kept for the cluster itself.`);
  }
}

const metricName = (name: string): string => name.replaceAll('.', '_');

/**
 * Whether two names differ only by '.' and '_': Kafka refuses the second, since both give the same metric
 * name.
 */
export const doTopicNamesCollide = (a: string, b: string): boolean =>
  a !== b && metricName(a) === metricName(b);

/**
 * What every name that collides with this one begins with; undefined when none can: the part before the first
 * '.' or '_'.
 */
export function collisionPrefix(name: string): string | undefined {
  const position = name.search(/[._]/);
  return position < 0 ? undefined : name.slice(0, position);
}
