import * as z from 'zod';

const group = '/v3/clusters/{cluster_id}/consumer-groups/{consumer_group_id}';
const instance = '/consumers/{group}/instances/{instance}';

/** The calls of consumer groups and of consumer instances, as docs/http-api.md has them. */
export const groupRoutes = {
  listGroups: { method: 'GET', path: '/v3/clusters/{cluster_id}/consumer-groups' },
  getGroup: { method: 'GET', path: group },
  deleteGroup: { method: 'DELETE', path: group },
  listGroupConsumers: { method: 'GET', path: `${group}/consumers` },
  listGroupLags: { method: 'GET', path: `${group}/lags` },
  alterGroupOffsets: { method: 'POST', path: `${group}/offsets:alter` },
  createInstance: { method: 'POST', path: '/consumers/{group}' },
  deleteInstance: { method: 'DELETE', path: instance },
  subscribe: { method: 'POST', path: `${instance}/subscription` },
  getAssignments: { method: 'GET', path: `${instance}/assignments` },
  fetchRecords: { method: 'GET', path: `${instance}/records` },
  commitOffsets: { method: 'POST', path: `${instance}/offsets` },
} as const;

const integer = z
  .union([z.number().int(), z.string().regex(/^-?[0-9]+$/)])
  .transform((value) => BigInt(value));

export const groupAnswer = z.object({
  consumer_group_id: z.string(),
  is_simple: z.boolean(),
  partition_assignor: z.string(),
  state: z.string(),
  type: z.string().optional(),
  coordinator: z.object({ related: z.string() }).nullish(),
});
export const groupListAnswer = z.object({ data: z.array(groupAnswer) });
export const consumerListAnswer = z.object({
  data: z.array(
    z.object({ consumer_id: z.string(), instance_id: z.string().nullable(), client_id: z.string() }),
  ),
});
export const lagListAnswer = z.object({
  data: z.array(
    z.object({
      topic_name: z.string(),
      partition_id: z.number().int(),
      consumer_id: z.string(),
      instance_id: z.string().nullable(),
      client_id: z.string(),
      current_offset: integer,
      log_end_offset: integer,
      lag: integer,
    }),
  ),
});
export const instanceAnswer = z.object({ instance_id: z.string(), base_uri: z.string() });
export const assignmentsAnswer = z.object({
  partitions: z.array(z.object({ topic: z.string(), partition: z.number().int() })),
});
