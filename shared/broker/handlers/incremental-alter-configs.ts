import type { ConfigChange } from '../../catalog/topic-configs.ts';
import { topicConfigKeys } from '../../kafka/config-keys.ts';
import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf } from '../../protocol/messages/index.ts';
import { alterResources } from '../alter-resources.ts';
import { resourceTypes } from '../config-resources.ts';
import type { Handler } from '../handler.ts';

type Resource = RequestOf<'IncrementalAlterConfigs'>['resources'][number];

/** By Kafka's numbers (KIP-339). */
const operations = ['SET', 'DELETE', 'APPEND', 'SUBTRACT'] as const;

/** IncrementalAlterConfigs v0–1. Changes of topics only: a broker takes its settings when it starts. */
export const incrementalAlterConfigs: Handler<'IncrementalAlterConfigs'> = async (
  broker,
  { resources, validateOnly },
  call,
) => {
  const { broker: ofBroker, brokerLogger, clientMetrics, group } = resourceTypes;
  const alsoTakes = [ofBroker, brokerLogger, clientMetrics, group];
  return {
    responses: await alterResources(broker, call, { resources, validateOnly, changesOf, alsoTakes }),
  };
};

function changesOf({ resourceType, configs }: Resource): ConfigChange[] {
  const changes = configs.map(({ name, value, configOperation }): ConfigChange => {
    const operation = operations[configOperation];
    if (operation === undefined)
      throw new KafkaError('INVALID_REQUEST', `There is no operation ${configOperation} on a config.`);
    if (operation !== 'DELETE' && value === null)
      throw new KafkaError('INVALID_REQUEST', `The value of ${name} may not be null.`);
    return { name, value, operation };
  });
  // What Kafka does not know is not set, so its deletion is done.
  const isDone = ({ name, operation }: ConfigChange): boolean =>
    operation === 'DELETE' && !topicConfigKeys.has(name);
  return resourceType === resourceTypes.topic ? changes.filter((change) => !isDone(change)) : changes;
}
