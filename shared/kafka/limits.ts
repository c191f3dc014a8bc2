/**
 * What a cluster takes at most, each with its reason. Limits of one mechanism stand beside that mechanism.
 */
export const limits = {
  /** Kafka's own: the name of a partition's folder is the topic's name, a dash and the partition. */
  topicNameLengthMax: 249,
  /** Every partition is visited by the hourly jobs; more than this belongs into several topics. */
  partitionsPerTopicMax: 2_000,
  /** -1 to this is taken and reported as 1: the stores replicate. */
  replicationFactorMax: 3,
  /** Of a topic's own config values together: the topic's item is read on the way of every request. */
  topicConfigsBytesMax: 16_384,
  /** Topics that a process remembers; beyond it the ones remembered first are forgotten. */
  topicsCachedMax: 10_000,
} as const;
