import { aclsDisabled } from '../acls-disabled.ts';
import type { Handler } from '../handler.ts';

/** DeleteAcls v1–3. There are no ACLs yet: each filter is refused. */
export const deleteAcls: Handler<'DeleteAcls'> = async (_broker, { filters }) => ({
  filterResults: filters.map(() => ({ ...aclsDisabled, matchingAcls: [] })),
});
