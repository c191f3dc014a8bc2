import type { ConfigChange } from '../../catalog/topic-configs.ts';
import { topicConfigKeys } from '../../kafka/config-keys.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf } from '../../protocol/messages/index.ts';
import { alterResources } from '../alter-resources.ts';
import { resourceTypes } from '../config-resources.ts';
import type { Handler } from '../handler.ts';

type Resource = RequestOf<'AlterConfigs'>['resources'][number];

/**
 * AlterConfigs v0–2. Replaces all configs of a topic at once: what is not named falls back to its default.
 */
export const alterConfigs: Handler<'AlterConfigs'> = async (broker, { resources, validateOnly }, call) => {
  const { broker: ofBroker, clientMetrics, group } = resourceTypes;
  const alsoTakes = [ofBroker, clientMetrics, group]; // loggers came after KIP-339
  return {
    responses: await alterResources(broker, call, {
      resources,
      validateOnly,
      changesOf: replacing,
      alsoTakes,
    }),
  };
};

/** One change for every config that there is, so that it matters to none what was set before. */
function replacing({ configs }: Resource): ConfigChange[] {
  const nothing = configs.find(({ value }) => value === null);
  if (nothing) throw new KafkaError('INVALID_REQUEST', `The value of ${nothing.name} may not be null.`);
  const given = new Set(configs.map(({ name }) => name));
  const others = [...topicConfigKeys.keys()].filter((name) => !given.has(name));
  return [
    ...configs.map(({ name, value }) => ({ name, value, operation: 'SET' }) as const),
    ...others.map((name) => ({ name, value: null, operation: 'DELETE' }) as const),
  ];
}
