/** What was answered for each partition, gathered by topic in the order in which topics first appear. */
export function byTopic<P extends { readonly topic: string }, T>(
  answers: readonly P[],
  shown: (answer: P) => T,
): { name: string; partitions: T[] }[] {
  const topics = new Map<string, T[]>();
  for (const answer of answers) {
    const partitions = topics.get(answer.topic) ?? [];
    partitions.push(shown(answer));
    topics.set(answer.topic, partitions);
  }
  return [...topics].map(([name, partitions]) => ({ name, partitions }));
}
