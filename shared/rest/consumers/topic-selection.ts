import type { Selection } from '../../storage/items/consumer-instance.ts';
import type { RestDeps } from '../deps.ts';
import { unprocessable } from '../errors.ts';

/** Throws 422 for what is no regular expression of RE2, which takes linear time whatever it says. */
export async function checkPattern(pattern: string): Promise<void> {
  await compiled(pattern);
}

/** Loaded here: few instances have a pattern, and the library is a sixth of a function's bundle. */
async function compiled(pattern: string): Promise<{ matches(name: string): boolean }> {
  const { RE2JS } = await import('re2js');
  try {
    return RE2JS.compile(pattern);
  } catch {
    throw unprocessable(`topic_pattern is not a regular expression of RE2: ${pattern.slice(0, 200)}`);
  }
}

/** The topics that the selection means now, by name; those that a list names need not exist. */
export async function selectedTopics({ topics }: RestDeps, selection: Selection): Promise<string[]> {
  if (selection.by === 'topics') return [...selection.topics].sort();
  if (selection.by !== 'pattern') return [];
  const pattern = await compiled(selection.pattern);
  const names = (await topics.list()).map(({ name }) => name);
  return names.filter((name) => pattern.matches(name)).sort();
}

/** Partition counts of those of the topics that exist. */
export async function partitionCounts(
  { topics }: RestDeps,
  names: readonly string[],
): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of [...new Set(names)].sort()) {
    const topic = await topics.find(name);
    if (topic !== undefined) counts.set(name, topic.partitions);
  }
  return counts;
}
