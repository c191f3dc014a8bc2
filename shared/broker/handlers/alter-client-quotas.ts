import { KafkaError } from '../../kafka/error-codes.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach, repeated } from '../answer-each.ts';
import { checkQuotaChange, checkQuotaEntity } from '../client-quotas.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Entry = RequestOf<'AlterClientQuotas'>['entries'][number];
type EntryAnswer = ResponseOf<'AlterClientQuotas'>['entries'][number];

/**
 * AlterClientQuotas v0–1. Nobody is slowed down here, so a quota that is checked and sound is refused with
 * POLICY_VIOLATION rather than kept without effect; that one is removed which there is not is fine, as in
 * Kafka.
 */
export const alterClientQuotas: Handler<'AlterClientQuotas'> = async (broker, { entries }) => {
  const twice = repeated(entries.map(nameOf));
  return {
    entries: await answerEach(entries, (entry) =>
      settled<EntryAnswer>(
        broker,
        async () => {
          if (twice.has(nameOf(entry))) throw invalid('The entity is named twice.');
          check(entry);
          return { errorCode: noError, errorMessage: null, entity: entry.entity };
        },
        (failure) => ({ ...failure, entity: entry.entity }),
      ),
    ),
  };
};

const nameOf = ({ entity }: Entry): string =>
  JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).sort());

function check({ entity, ops }: Entry): void {
  checkQuotaEntity(entity);
  const [twice] = repeated(ops.map(({ key }) => key));
  if (twice !== undefined) throw invalid(`The quota ${twice} is named twice.`);
  for (const change of ops) checkQuotaChange(entity, change);
  if (ops.some(({ remove }) => !remove))
    throw new KafkaError('POLICY_VIOLATION', 'Quotas are not enforced here, so none can be set.');
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);
