import type { RestDeps } from '../deps.ts';

/**
 * Takes a member out of its group, so that the others need not wait for its session to end. Best effort:
 * what the store does not hear now, the end of the session says.
 */
export async function leave(
  { groups, log }: Pick<RestDeps, 'groups' | 'log'>,
  groupId: string,
  memberId: string,
): Promise<void> {
  if (memberId === '') return;
  const { error } = await groups.coordinator.leaveGroup({
    groupId,
    members: [{ memberId, groupInstanceId: null }],
  });
  if (error !== 'NONE') log.debug('a consumer instance did not leave its group', { groupId, error });
}
