import type { GroupCell } from '../storage/items/group-cell.ts';
import { subscribedTopics } from './consumer-protocol.ts';
import { pauseMs, send } from './group-context.ts';
import type { GroupRoom } from './group-room.ts';
import { readCell } from './stored-cell.ts';
import { readSubscriptions } from './subscriptions.ts';

/** Whether anybody in a group subscribes to a topic. */
export type IsSubscribed = (topic: string) => boolean;

const triesMax = 5;

/**
 * What the members of a group subscribe to. Of a group whose subscriptions cannot be read, everything:
 * nothing of it may be taken for abandoned.
 */
export async function subscriptionsOf(
  room: GroupRoom,
  groupId: string,
  first: GroupCell,
): Promise<IsSubscribed> {
  const { context } = room;
  let cell = first;
  for (let tries = 0; tries < triesMax; tries++) {
    if (cell.members.length === 0) return () => false;
    if (cell.type === 'consumer') return consumerSubscriptions(room, cell);
    const { members } = cell;
    const found = await send(context, () => readSubscriptions(context, groupId, members));
    if (found !== undefined) {
      const named = [...found.values()].flatMap(({ protocols }) =>
        protocols.map(({ metadata }) => subscribedTopics(metadata)),
      );
      if (named.includes(undefined)) return () => true;
      const topics = new Set(named.flatMap((names) => names ?? []));
      return (topic) => topics.has(topic);
    }
    await context.clock.sleep(pauseMs(context, tries));
    cell = await readCell(context, groupId);
  }
  return () => true;
}

const consumerSubscriptions = (
  { subscribed }: GroupRoom,
  cell: GroupCell & { type: 'consumer' },
): IsSubscribed => {
  const topics = new Set(cell.members.flatMap(({ subscribedTopicNames }) => subscribedTopicNames));
  const regexes = new Set(cell.members.flatMap(({ subscribedTopicRegex }) => subscribedTopicRegex ?? []));
  return (topic) => topics.has(topic) || [...regexes].some((regex) => subscribed.matches(regex, topic));
};
