/** The numbers of ACL operations, as bits of what a caller may do (KIP-430). */
const operations = {
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  alter: 7,
  describe: 8,
  clusterAction: 9,
  describeConfigs: 10,
  alterConfigs: 11,
  idempotentWrite: 12,
} as const;

type Operation = keyof typeof operations;
const bitsOf = (...names: Operation[]): number =>
  names.reduce((bits, name) => bits | (1 << operations[name]), 0);

/** What may be done with a topic, a group and the cluster where nobody is denied anything. */
export const topicOperations = bitsOf(
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'describeConfigs',
  'alterConfigs',
);
export const groupOperations = bitsOf('read', 'delete', 'describe', 'describeConfigs', 'alterConfigs');
export const clusterOperations = bitsOf(
  'create',
  'alter',
  'describe',
  'clusterAction',
  'describeConfigs',
  'alterConfigs',
  'idempotentWrite',
);
