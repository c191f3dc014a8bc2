import { codeOf, type Handler } from '../handler.ts';

/** DeleteGroups v0–2. */
export const deleteGroups: Handler<'DeleteGroups'> = async (broker, { groupsNames }) => {
  const results = await broker.groups.deleteGroups(groupsNames);
  return { results: results.map(({ groupId, error }) => ({ groupId, errorCode: codeOf(error) })) };
};
