import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach, repeated } from '../answer-each.ts';
import type { BrokerContext } from '../broker-context.ts';
import { codeOf, type Handler, noError, settled } from '../handler.ts';
import { badAssignment, checkReplicas } from '../replica-assignment.ts';

type Wanted = RequestOf<'CreatePartitions'>['topics'][number];
type TopicAnswer = ResponseOf<'CreatePartitions'>['results'][number];

/** CreatePartitions v0–3. An assignment of replicas must be sound; nothing follows from it. */
export const createPartitions: Handler<'CreatePartitions'> = async (broker, { topics, validateOnly }) => {
  const twice = repeated(topics.map(({ name }) => name));
  const wanted = [...new Map(topics.map((topic) => [topic.name, topic])).values()];
  const answers = answerEach(wanted, async (topic): Promise<TopicAnswer> => {
    const { name } = topic;
    if (twice.has(name)) {
      return { name, errorCode: codeOf('INVALID_REQUEST'), errorMessage: 'The topic is named twice.' };
    }
    return settled<TopicAnswer>(
      broker,
      () => added(broker, topic, validateOnly),
      (failure) => ({ name, ...failure }),
      'REQUEST_TIMED_OUT',
    );
  });
  return { results: await answers };
};

async function added(
  broker: BrokerContext,
  { name, count, assignments }: Wanted,
  validateOnly: boolean,
): Promise<TopicAnswer> {
  if (assignments !== null) await checkAssignments(broker, name, count, assignments);
  await broker.topics.addPartitions(name, count, { validateOnly });
  return { name, errorCode: noError };
}

async function checkAssignments(
  broker: BrokerContext,
  name: string,
  count: number,
  assignments: NonNullable<Wanted['assignments']>,
): Promise<void> {
  broker.topics.forget(name); // how many partitions there are now, not lately
  const { partitions } = await broker.topics.get(name);
  if (count <= partitions) return; // refused as such
  if (assignments.length !== count - partitions) {
    const given = `but replicas are assigned to ${assignments.length}`;
    throw badAssignment(`${count - partitions} partitions are to be added, ${given}.`);
  }
  checkReplicas(
    broker,
    assignments.map(({ brokerIds }) => brokerIds),
  );
}
