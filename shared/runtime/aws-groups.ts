import type { Groups } from '../groups/groups.ts';
import type { AwsRuntime } from './aws-runtime.ts';

/** Consumer groups, loaded with the first call about one: they would be a third of a cold start's bundle. */
export async function loadGroups({ stores, clock, random, log, topics }: AwsRuntime): Promise<Groups> {
  const { openGroups } = await import('../groups/groups.ts');
  return openGroups({ stores, clock, random, log, topics });
}

/** The same as if it were there already: each of its methods, all of which are asynchronous, waits for it. */
export function groupsWhenNeeded(runtime: AwsRuntime): Pick<Groups, 'coordinator' | 'offsets'> {
  let loading: Promise<Groups> | undefined;
  const load = (): Promise<Groups> => {
    loading ??= loadGroups(runtime);
    return loading;
  };
  return {
    coordinator: whenLoaded(async () => (await load()).coordinator),
    offsets: whenLoaded(async () => (await load()).offsets),
  };
}

type AsyncMethods = Record<string, (...args: readonly unknown[]) => Promise<unknown>>;

const whenLoaded = <T extends object>(load: () => Promise<T>): T =>
  new Proxy({} as T, {
    get:
      (_target, name) =>
      async (...args: readonly unknown[]) => {
        const loaded = (await load()) as unknown as AsyncMethods;
        return loaded[String(name)]?.(...args);
      },
  });
