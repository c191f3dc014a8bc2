import { topicConfigEntries } from '../../catalog/topic-configs.ts';
import type { ConfigEntry } from '../../kafka/config-keys.ts';
import { whyIllegalTopicName } from '../../kafka/topic-names.ts';
import { alterConfigsRequest, updateConfigRequest } from '../contract-shapes.ts';
import type { RestDeps, RestTopic } from '../deps.ts';
import { invalidPayload, notFound, refusedByKafka } from '../errors.ts';
import type { Json } from '../json-writer.ts';
import { type Handler, param, type RestRequest, readShaped } from '../rest-request.ts';
import { checkCluster, listOf, ok, resource, topicOf } from './v3-resources.ts';

/** What v3 shows of any config. */
export const configMembers = (entry: ConfigEntry): { readonly [name: string]: Json } => ({
  name: entry.name,
  value: entry.value,
  is_default: entry.isDefault,
  is_read_only: entry.isReadOnly,
  is_sensitive: entry.isSensitive,
  source: entry.source,
  synonyms: entry.synonyms.map(({ name, value, source }) => ({ name, value, source })),
});

const byName = (a: RestTopic, b: RestTopic): number => (a.name < b.name ? -1 : 1);

const configJson = (
  request: RestRequest,
  deps: RestDeps,
  topic: Pick<RestTopic, 'name'>,
  entry: ConfigEntry,
): Json =>
  resource(
    request,
    deps,
    {
      kind: 'KafkaTopicConfig',
      path: ['topics', topic.name, 'configs', entry.name],
      name: [
        ['topic', topic.name],
        ['config', entry.name],
      ],
    },
    { topic_name: topic.name, ...configMembers(entry) },
  );

export const listTopicConfigs: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  const configs = deps.topics.describeConfigs(topic).map((entry) => configJson(request, deps, topic, entry));
  return listOf(request, deps, 'KafkaTopicConfig', ['topics', topic.name, 'configs'], configs);
};

export const listAllTopicsConfigs: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const configs: Json[] = [];
  for (const topic of [...(await deps.topics.list())].sort(byName)) {
    for (const entry of deps.topics.describeConfigs(topic)) {
      configs.push(configJson(request, deps, topic, entry));
    }
  }
  return listOf(request, deps, 'KafkaTopicConfig', ['topics', '-', 'configs'], configs);
};

/** The defaults are the same for every topic, whether it is there or not. */
export const listDefaultTopicConfigs: Handler = async (request, deps) => {
  checkCluster(request, deps);
  const name = param(request, 'topic_name');
  const reason = whyIllegalTopicName(name);
  if (reason !== undefined) throw invalidPayload(`The topic name is not allowed: ${reason}.`);
  const configs = topicConfigEntries({}).map((entry) => configJson(request, deps, { name }, entry));
  return listOf(request, deps, 'KafkaTopicConfig', ['topics', name, 'default-configs'], configs);
};

/** The config of this name. Throws 404 when Kafka knows none. */
function entryOf(deps: RestDeps, topic: RestTopic, name: string): ConfigEntry {
  const entry = deps.topics.describeConfigs(topic).find((candidate) => candidate.name === name);
  if (!entry) throw notFound(`There is no topic config ${name.slice(0, 100)}.`);
  return entry;
}

export const getTopicConfig: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  return ok(configJson(request, deps, topic, entryOf(deps, topic, param(request, 'name'))));
};

export const updateTopicConfig: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  const { value } = await readShaped(request, updateConfigRequest);
  return change(deps, topic, [{ name: param(request, 'name'), value, operation: 'SET' }]);
};

export const resetTopicConfig: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  return change(deps, topic, [{ name: param(request, 'name'), value: null, operation: 'DELETE' }]);
};

export const alterTopicConfigs: Handler = async (request, deps) => {
  const topic = await topicOf(request, deps);
  const { data, validate_only: validateOnly } = await readShaped(request, alterConfigsRequest);
  const changes = data.map(({ name, value, operation }) => ({
    name,
    value: value ?? null,
    operation: operation ?? 'SET',
  }));
  return change(deps, topic, changes, validateOnly ?? false);
};

type WantedChange = {
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly operation: 'SET' | 'DELETE';
};

async function change(
  deps: RestDeps,
  topic: RestTopic,
  wanted: readonly WantedChange[],
  validateOnly = false,
): Promise<{ status: 204 }> {
  const names = new Set<string>();
  const changes = wanted.map(({ name, value, operation }) => {
    entryOf(deps, topic, name);
    if (names.has(name)) throw refusedByKafka(`The config ${name} is changed twice.`);
    if (operation === 'SET' && value === null) throw refusedByKafka(`The config ${name} needs a value.`);
    names.add(name);
    return { name, operation, value: operation === 'SET' ? String(value) : null };
  });
  await deps.topics.alterConfigs(topic.name, changes, { validateOnly });
  return { status: 204 };
}
