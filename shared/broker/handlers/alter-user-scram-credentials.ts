import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf } from '../../protocol/messages/index.ts';
import { repeated } from '../answer-each.ts';
import type { Handler } from '../handler.ts';

type Request = RequestOf<'AlterUserScramCredentials'>;
type Named = { readonly name: string; readonly mechanism: number };

const mechanisms = [1, 2]; // SCRAM-SHA-256, SCRAM-SHA-512
const iterationsMin = 4096; // as Kafka, RFC 5802
const iterationsMax = 16_384;

/**
 * AlterUserScramCredentials v0. Nobody logs in yet: there is nothing to delete, and what would be set is
 * checked, then refused with SECURITY_DISABLED.
 */
export const alterUserScramCredentials: Handler<'AlterUserScramCredentials'> = async (_broker, request) => ({
  results: [...refusals(request)].map(([user, { code, message }]) => ({
    user,
    errorCode: code,
    errorMessage: message,
  })),
});

/** One for each user: the first that there is. */
function refusals({ deletions, upsertions }: Request): Map<string, KafkaError> {
  const twice = repeated(upsertions.map(({ name }) => name));
  const refused = new Map<string, KafkaError>();
  for (const deletion of deletions) {
    const error = refusalOf(deletion) ?? new KafkaError('RESOURCE_NOT_FOUND', 'There is no such credential.');
    if (!refused.has(deletion.name)) refused.set(deletion.name, error);
  }
  for (const upsertion of upsertions) {
    const { name, iterations } = upsertion;
    const duplicate = new KafkaError('DUPLICATE_RESOURCE', 'The user is named twice.');
    const error = twice.has(name)
      ? duplicate
      : (refusalOf(upsertion) ?? refusalOfIterations(iterations) ?? new KafkaError('SECURITY_DISABLED'));
    if (!refused.has(name)) refused.set(name, error);
  }
  return refused;
}

function refusalOf({ name, mechanism }: Named): KafkaError | undefined {
  if (name === '') return new KafkaError('UNACCEPTABLE_CREDENTIAL', 'The user has no name.');
  if (mechanisms.includes(mechanism)) return undefined;
  return new KafkaError('UNSUPPORTED_SASL_MECHANISM', `There is no SCRAM mechanism ${mechanism}.`);
}

function refusalOfIterations(iterations: number): KafkaError | undefined {
  if (iterations >= iterationsMin && iterations <= iterationsMax) return undefined;
  const message = `${iterations} iterations, where ${iterationsMin} to ${iterationsMax} are taken.`;
  return new KafkaError('UNACCEPTABLE_CREDENTIAL', message);
}
