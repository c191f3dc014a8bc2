import type { BrokerContext } from '../broker-context.ts';
import { isResourceType, type ResourceType, resourceTypes } from '../config-resources.ts';
import { codeOf, failureOf, type Handler, noError } from '../handler.ts';

/** ListConfigResources v0–1. v0 asks for client metrics, of which there are none. */
export const listConfigResources: Handler<'ListConfigResources'> = async (broker, request, { version }) => {
  const wanted = version === 0 ? [resourceTypes.clientMetrics] : request.resourceTypes;
  const types = wanted.length === 0 ? Object.values(resourceTypes) : [...new Set(wanted)];
  if (!types.every(isResourceType)) {
    return { errorCode: codeOf('UNSUPPORTED_VERSION'), configResources: [] };
  }
  try {
    const named = types.map(async (resourceType) =>
      (await namesOf[resourceType](broker)).map((resourceName) => ({ resourceName, resourceType })),
    );
    return { errorCode: noError, configResources: (await Promise.all(named)).flat() };
  } catch (error) {
    return { errorCode: failureOf(broker, error, 'REQUEST_TIMED_OUT').errorCode, configResources: [] };
  }
};

const brokerNames = async ({ cluster }: BrokerContext): Promise<string[]> =>
  cluster.brokers.map(({ id }) => String(id));

/** Those that have, or could have, configs. */
const namesOf: { readonly [Type in ResourceType]: (broker: BrokerContext) => Promise<string[]> } = {
  [resourceTypes.topic]: async ({ topics }) => (await topics.list()).map(({ name }) => name),
  [resourceTypes.broker]: brokerNames,
  [resourceTypes.brokerLogger]: brokerNames,
  [resourceTypes.clientMetrics]: async () => [],
  [resourceTypes.group]: async () => [],
};
