import { KafkaError } from '../../kafka/error-codes.ts';
import type { RestDeps } from '../deps.ts';

type Leaving = Pick<RestDeps, 'groups' | 'log'>;

/**
 * Takes a member out of its group, so that the others need not wait for its session to end. Throws
 * NOT_COORDINATOR when the store does not answer; a member that is gone already has left.
 */
export async function leave({ groups }: Leaving, groupId: string, memberId: string): Promise<void> {
  if (memberId === '') return;
  const { error } = await groups.coordinator.leaveGroup({
    groupId,
    members: [{ memberId, groupInstanceId: null }],
  });
  if (error === 'NOT_COORDINATOR') throw new KafkaError(error);
}

/** The same where nobody could repeat it: the end of the session says what the store did not hear. */
export async function leaveIfPossible(deps: Leaving, groupId: string, memberId: string): Promise<void> {
  try {
    await leave(deps, groupId, memberId);
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    deps.log.debug('a consumer instance did not leave its group', { groupId, error });
  }
}
