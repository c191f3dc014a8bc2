import { KafkaError } from '../../kafka/error-codes.ts';
import { quotaEntityName } from '../../kafka/quota-entity.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { answerEach, repeated } from '../answer-each.ts';
import { checkQuotaChange, checkQuotaEntity } from '../client-quotas.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Entry = RequestOf<'AlterClientQuotas'>['entries'][number];
type EntryAnswer = ResponseOf<'AlterClientQuotas'>['entries'][number];

/**
 * AlterClientQuotas v0–1. All quotas are kept; those of bytes slow clients down (quota-throttle.ts), the
 * others are shown and have no effect. That one is removed which there is not is fine, as in Kafka.
 */
export const alterClientQuotas: Handler<'AlterClientQuotas'> = async (broker, { entries, validateOnly }) => {
  const twice = repeated(entries.map(({ entity }) => quotaEntityName(entity)));
  return {
    entries: await answerEach(entries, (entry) =>
      settled<EntryAnswer>(
        broker,
        async () => {
          const { entity, ops } = entry;
          if (twice.has(quotaEntityName(entity))) throw invalid('The entity is named twice.');
          check(entry);
          if (!validateOnly) await broker.quotas.alter(entity, ops);
          return { errorCode: noError, errorMessage: null, entity };
        },
        (failure) => ({ ...failure, entity: entry.entity }),
      ),
    ),
  };
};

function check({ entity, ops }: Entry): void {
  checkQuotaEntity(entity);
  const [twice] = repeated(ops.map(({ key }) => key));
  if (twice !== undefined) throw invalid(`The quota ${twice} is named twice.`);
  for (const change of ops) checkQuotaChange(entity, change);
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);
