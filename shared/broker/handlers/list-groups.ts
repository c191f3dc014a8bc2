import { codeOf, type Handler } from '../handler.ts';

/** ListGroups v0–5. v4: by state (KIP-518). v5: by type (KIP-848). */
export const listGroups: Handler<'ListGroups'> = async (broker, { statesFilter, typesFilter }) => {
  const { error, groups } = await broker.groups.listGroups({ statesFilter, typesFilter });
  return { errorCode: codeOf(error), groups: [...groups] };
};
