/** A partition of a topic, by the topic's id: delete-and-recreate makes another one. */
export type PartitionId = { readonly topicId: string; readonly partition: number };

/** A partition as clients name it. */
export type TopicPartition = { readonly topic: string; readonly partition: number };

/** The topic id in its 36-character form, e.g. `f81d4fae-7dec-4d0a-a765-00a0c91e6bf6`. */
export type TopicId = string;
