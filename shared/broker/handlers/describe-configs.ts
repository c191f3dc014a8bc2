import { brokerConfigEntries } from '../../kafka/broker-config-keys.ts';
import type { ConfigEntry } from '../../kafka/config-keys.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import { checkTopicName } from '../../kafka/topic-names.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach, repeated } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { configAnswer, configSourceIds, configTypeIds } from '../config-answer.ts';
import {
  brokerIdOf,
  checkIsNamed,
  isResourceType,
  type ResourceType,
  resourceTypes,
  unknownResourceType,
} from '../config-resources.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Request = RequestOf<'DescribeConfigs'>;
type Resource = Request['resources'][number];
type ResourceAnswer = ResponseOf<'DescribeConfigs'>['results'][number];
type ConfigAnswer = ResourceAnswer['configs'][number];

/**
 * DescribeConfigs v1–4. Any broker tells of any other. All brokers together, loggers, client metrics and
 * groups have no configs of their own here: an empty list. A resource type that is not known fails alone (in
 * Kafka: the request).
 */
export const describeConfigs: Handler<'DescribeConfigs'> = async (broker, request) => {
  const twice = repeated(request.resources.filter(asksForAll).map(nameOf));
  const results = answerEach(request.resources, (resource) => {
    const { resourceType, resourceName } = resource;
    return settled<ResourceAnswer>(
      broker,
      async () => {
        // A small request must not become a huge answer.
        if (asksForAll(resource) && twice.has(nameOf(resource)))
          throw new KafkaError('INVALID_REQUEST', 'All configs of the resource are asked for twice.');
        const entries = named(resource, await entriesOf(broker, resource));
        const configs = entries.map((entry) => described(request, entry));
        return { errorCode: noError, errorMessage: null, resourceType, resourceName, configs };
      },
      (failure) => ({ ...failure, resourceType, resourceName, configs: [] }),
      'REQUEST_TIMED_OUT',
    );
  });
  return { results: await results };
};

const nameOf = ({ resourceType, resourceName }: Resource): string => `${resourceType} ${resourceName}`;
const asksForAll = ({ configurationKeys }: Resource): boolean => (configurationKeys ?? []).length === 0;

async function entriesOf(
  broker: BrokerContext,
  { resourceType, resourceName }: Resource,
): Promise<ConfigEntry[]> {
  if (!isResourceType(resourceType)) throw unknownResourceType(resourceType);
  return entriesByType[resourceType](broker, resourceName);
}

type Entries = (broker: BrokerContext, name: string) => Promise<ConfigEntry[]>;

const entriesByType: { readonly [Type in ResourceType]: Entries } = {
  [resourceTypes.topic]: async ({ topics }, name) => {
    checkTopicName(name);
    return topics.describeConfigs(await topics.get(name));
  },
  [resourceTypes.broker]: async (broker, name) => {
    if (name === '') return [];
    return brokerConfigEntries({ ...broker.settings, brokerId: brokerIdOf(broker, name) });
  },
  [resourceTypes.brokerLogger]: async (broker, name) => {
    brokerIdOf(broker, name);
    return [];
  },
  [resourceTypes.clientMetrics]: async (_broker, name) => {
    checkIsNamed('subscription', name);
    return [];
  },
  [resourceTypes.group]: async (_broker, name) => {
    checkIsNamed('group', name);
    return [];
  },
};

/** Those asked for: all where none is named. A name that there is not is left out. */
function named(resource: Resource, entries: readonly ConfigEntry[]): readonly ConfigEntry[] {
  if (asksForAll(resource)) return entries;
  const wanted = new Set(resource.configurationKeys);
  return entries.filter(({ name }) => wanted.has(name));
}

function described({ includeSynonyms, includeDocumentation }: Request, entry: ConfigEntry): ConfigAnswer {
  const { synonyms, type, documentation } = entry;
  return {
    ...configAnswer(entry),
    synonyms: includeSynonyms
      ? synonyms.map(({ name, value, source }) => ({ name, value, source: configSourceIds[source] }))
      : [],
    configType: configTypeIds[type],
    documentation: includeDocumentation ? documentation : null,
  };
}
