import { forEachAtMost } from '../base/concurrency.ts';

/** An admin request may name thousands of things; so many of them are worked on at once. */
const atOnce = 16;

/** The answer to each item, at its place. */
export async function answerEach<T, A>(items: readonly T[], answer: (item: T) => Promise<A>): Promise<A[]> {
  const answers = new Array<A>(items.length);
  await forEachAtMost(atOnce, items.entries(), async ([place, item]) => {
    answers[place] = await answer(item);
  });
  return answers;
}

/** What appears more than once. */
export function repeated<T>(items: readonly T[]): ReadonlySet<T> {
  const seen = new Set<T>();
  return new Set(items.filter((item) => seen.size === seen.add(item).size));
}
