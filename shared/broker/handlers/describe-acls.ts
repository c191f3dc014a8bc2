import { aclsDisabled } from '../acls-disabled.ts';
import type { Handler } from '../handler.ts';

/** DescribeAcls v1–3. There are no ACLs yet. */
export const describeAcls: Handler<'DescribeAcls'> = async () => ({ ...aclsDisabled, resources: [] });
