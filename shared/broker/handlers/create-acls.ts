import { aclsDisabled } from '../acls-disabled.ts';
import type { Handler } from '../handler.ts';

/** CreateAcls v1–3. There are no ACLs yet: each is refused. */
export const createAcls: Handler<'CreateAcls'> = async (_broker, { creations }) => ({
  results: creations.map(() => aclsDisabled),
});
