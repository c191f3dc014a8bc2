import type { ConfigChange } from '../catalog/topic-configs.ts';
import { brokerConfigEntries } from '../kafka/broker-config-keys.ts';
import { KafkaError } from '../kafka/error-codes.ts';
import { checkTopicName } from '../kafka/topic-names.ts';
import { answerEach, repeated } from './answer-each.ts';
import type { BrokerContext, Call } from './broker-context.ts';
import { brokerIdOf, checkIsNamed, type ResourceType, resourceTypes } from './config-resources.ts';
import { type Failure, noError, settled } from './handler.ts';

// What AlterConfigs and IncrementalAlterConfigs have in common. Only topics have configs that can be altered;
// what else Kafka knows is checked, and refused by name.

export type AlteredResource = {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly { readonly name: string }[];
};

export type Alteration<R extends AlteredResource> = {
  readonly resources: readonly R[];
  readonly validateOnly: boolean;
  /** What the request wants of a resource. Throws KafkaErrors. */
  readonly changesOf: (resource: R) => ConfigChange[];
  /** The resource types that this API takes, beside topics. */
  readonly alsoTakes: readonly ResourceType[];
};

export type AlterationAnswer = {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly resourceType: number;
  readonly resourceName: string;
};

/** Every resource by itself: all of its changes are made, or none. */
export function alterResources<R extends AlteredResource>(
  broker: BrokerContext,
  call: Call,
  alteration: Alteration<R>,
): Promise<AlterationAnswer[]> {
  const nameOf = ({ resourceType, resourceName }: R): string => `${resourceType} ${resourceName}`;
  const twice = repeated(alteration.resources.map(nameOf));
  return answerEach(alteration.resources, (resource) => {
    const { resourceType, resourceName } = resource;
    const answered = (outcome: Failure | typeof done) => ({ ...outcome, resourceType, resourceName });
    const work = async (): Promise<AlterationAnswer> => {
      if (twice.has(nameOf(resource))) throw invalid('Each resource may be named only once.');
      await alter(broker, call, alteration, resource);
      return answered(done);
    };
    return settled<AlterationAnswer>(broker, work, answered, 'REQUEST_TIMED_OUT');
  });
}

const done = { errorCode: noError, errorMessage: null };
const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);

async function alter<R extends AlteredResource>(
  broker: BrokerContext,
  call: Call,
  { validateOnly, changesOf, alsoTakes }: Alteration<R>,
  resource: R,
): Promise<void> {
  const { resourceType, resourceName: name, configs } = resource;
  const names = configs.map((config) => config.name);
  const [twice] = repeated(names);
  if (twice !== undefined) throw invalid(`The config ${twice} is named twice.`);
  const changes = changesOf(resource);
  if (resourceType === resourceTypes.topic) {
    if (name === '') throw invalid('There are no configs of all topics together: name a topic.');
    checkTopicName(name);
    await broker.topics.alterConfigs(name, changes, { validateOnly });
    return;
  }
  if (!(alsoTakes as readonly number[]).includes(resourceType))
    throw invalid(`The configs of resource type ${resourceType} cannot be altered.`);
  checkUnalterable(broker, call, resourceType as UnalterableType, name, names);
}

type UnalterableType = Exclude<ResourceType, typeof resourceTypes.topic>;
type Check = (broker: BrokerContext, call: Call, name: string, configs: readonly string[]) => void;

/** Throws for a name that there is not, and for any config: the settings of a deployment say what holds. */
const unalterable: { readonly [Type in UnalterableType]: Check } = {
  [resourceTypes.broker]: (broker, { caller }, name, [config]) => {
    const brokerId = name === '' ? caller.brokerId : brokerIdOf(broker, name);
    if (config === undefined) return;
    const isKnown = brokerConfigEntries({ brokerId, ...broker.settings }).some((row) => row.name === config);
    if (!isKnown) throw new KafkaError('INVALID_CONFIG', `There is no broker config ${config}.`);
    throw invalid(`The broker config ${config} cannot be altered while the broker runs.`);
  },
  [resourceTypes.brokerLogger]: (broker, _call, name, [logger]) => {
    brokerIdOf(broker, name);
    if (logger !== undefined) throw new KafkaError('INVALID_CONFIG', `There is no logger ${logger} here.`);
  },
  [resourceTypes.clientMetrics]: (_broker, _call, name, [config]) => {
    checkIsNamed('subscription', name);
    if (config !== undefined)
      throw new KafkaError('INVALID_CONFIG', 'Client metrics are not collected here.');
  },
  [resourceTypes.group]: (_broker, _call, name, [config]) => {
    checkIsNamed('group', name);
    if (config === undefined) return;
    throw new KafkaError('INVALID_CONFIG', `A group has no config ${config} of its own here.`);
  },
};

const checkUnalterable = (
  broker: BrokerContext,
  call: Call,
  type: UnalterableType,
  name: string,
  configs: readonly string[],
): void => unalterable[type](broker, call, name, configs);
