import { CommittedOffsets } from './committed-offsets.ts';
import { GroupCoordinator } from './group-coordinator.ts';
import { type GroupOptions, openGroupRoom } from './group-room.ts';
import { type Expired, expireOffsets } from './offset-expiration.ts';

/** Everything that one process does about groups. */
export type Groups = {
  readonly coordinator: GroupCoordinator;
  readonly offsets: CommittedOffsets;
  /** The daily job of `offsets.retention.minutes`. */
  expireOffsets(): Promise<Expired>;
};

/** There is nothing to close: what waits ends with its answer, its time or its signal. */
export function openGroups(options: GroupOptions): Groups {
  const room = openGroupRoom(options);
  return {
    coordinator: new GroupCoordinator(room),
    offsets: new CommittedOffsets(room),
    expireOffsets: () => expireOffsets(room),
  };
}
