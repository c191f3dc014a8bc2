import type { RestDeps, RestTopic } from '../deps.ts';
import { notFound, topicNotFound } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Answer, param, type RestRequest } from '../rest-request.ts';
import { findPartition, findTopic, type PlacedPartition } from '../topic-lookup.ts';

type Members = { readonly [name: string]: Json };

/** Throws 404 unless the path names this cluster. */
export function checkCluster(request: RestRequest, { cluster }: RestDeps): void {
  if (param(request, 'cluster_id') !== cluster.clusterId) {
    throw notFound(`Cluster ${param(request, 'cluster_id').slice(0, 100)} cannot be found.`);
  }
}

/** The topic named in the path, of this cluster. Throws 404, 40403 for the topic. */
export async function topicOf(request: RestRequest, deps: RestDeps): Promise<RestTopic> {
  checkCluster(request, deps);
  const name = param(request, 'topic_name');
  const topic = await findTopic(deps, name);
  if (!topic) throw topicNotFound('v3', name);
  return topic;
}

/** The partition named in the path, with its topic. Throws 404. */
export async function placeOf(request: RestRequest, deps: RestDeps): Promise<PlacedPartition> {
  const topic = await topicOf(request, deps);
  const text = param(request, 'partition_id');
  const place = await findPartition(deps, topic, text);
  if (!place) throw notFound(`Topic ${topic.name} has no partition ${text.slice(0, 100)}.`);
  return place;
}

/** An absolute address in this cluster; each part is one segment of the path. */
export function address(request: RestRequest, deps: RestDeps, ...parts: (string | number)[]): string {
  const path = ['v3', 'clusters', deps.cluster.clusterId, ...parts].map((part) =>
    encodeURIComponent(part).replaceAll('%3A', ':'),
  );
  return `${request.baseUrl}/${path.join('/')}`;
}

export const link = (request: RestRequest, deps: RestDeps, ...parts: (string | number)[]): Json => ({
  related: address(request, deps, ...parts),
});

/** Confluent's name of a resource, e.g. `crn:///kafka=abc/topic=orders`. */
function resourceName({ cluster }: RestDeps, parts: readonly (readonly [string, string | number])[]): string {
  const named = parts.map(([name, value]) => `/${name}=${encodeURIComponent(value)}`);
  return `crn:///kafka=${encodeURIComponent(cluster.clusterId)}${named.join('')}`;
}

export type ResourceAt = {
  readonly kind: string;
  /** Its address in the cluster. */
  readonly path: readonly (string | number)[];
  /** Its name in the cluster, kind and id of each step. */
  readonly name: readonly (readonly [kind: string, id: string | number])[];
};

/** One element as every v3 answer shows it: kind, metadata, cluster, then its own members. */
export const resource = (
  request: RestRequest,
  deps: RestDeps,
  { kind, path, name }: ResourceAt,
  members: Members,
): Json => ({
  kind,
  metadata: { self: address(request, deps, ...path), resource_name: resourceName(deps, name) },
  cluster_id: deps.cluster.clusterId,
  ...members,
});

/** A list at an absolute address. Lists are whole: there is no next page. */
export const listAt = (kind: string, self: string, data: readonly Json[]): Answer => ({
  status: 200,
  body: { kind: `${kind}List`, metadata: { self, next: null }, data },
});

export const listOf = (
  request: RestRequest,
  deps: RestDeps,
  kind: string,
  path: readonly (string | number)[],
  data: readonly Json[],
): Answer => listAt(kind, address(request, deps, ...path), data);

export const ok = (body: Json): Answer => ({ status: 200, body });
