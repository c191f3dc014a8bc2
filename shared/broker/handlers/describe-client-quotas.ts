import { KafkaError } from '../../kafka/error-codes.ts';
import type { QuotaEntity } from '../../kafka/quota-entity.ts';
import type { RequestOf, ResponseOf } from '../../protocol/messages/index.ts';
import { isQuotaEntityType } from '../client-quotas.ts';
import { type Handler, noError, settled } from '../handler.ts';

type Component = RequestOf<'DescribeClientQuotas'>['components'][number];

/** Kafka's numbers for what a component matches: this name, the default, any name. */
const matchTypes = { exact: 0, default: 1, any: 2 } as const;

/** DescribeClientQuotas v0–1. An entity must match every component; `strict`: and have no other part. */
export const describeClientQuotas: Handler<'DescribeClientQuotas'> = async (broker, { components, strict }) =>
  settled<ResponseOf<'DescribeClientQuotas'>>(
    broker,
    async () => {
      checkComponents(components);
      const entries = (await broker.quotas.all())
        .filter(({ entity }) => isWanted(entity, components, strict))
        .map(({ entity, values }) => ({
          entity: [...entity],
          values: [...values].map(([key, value]) => ({ key, value })),
        }));
      return { errorCode: noError, errorMessage: null, entries };
    },
    (failure) => ({ ...failure, entries: null }),
  );

function isWanted(entity: QuotaEntity, components: readonly Component[], strict: boolean): boolean {
  if (strict && entity.length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) => {
    const part = entity.find((one) => one.entityType === entityType);
    return part !== undefined && (matchType === matchTypes.any || part.entityName === match);
  });
}

/** Throws INVALID_REQUEST, and UNSUPPORTED_VERSION for an entity type that there is not. */
function checkComponents(components: readonly Component[]): void {
  const types = new Set<string>();
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') throw invalid('The type of an entity may not be empty.');
    if (types.has(entityType)) throw invalid(`The filter has two of ${entityType}.`);
    if (!isQuotaEntityType(entityType))
      throw new KafkaError('UNSUPPORTED_VERSION', `There are no quotas by '${entityType}'.`);
    if (!(Object.values(matchTypes) as number[]).includes(matchType))
      throw invalid(`There is no match type ${matchType}.`);
    if ((matchType === matchTypes.exact) !== (match !== null))
      throw invalid(`A name belongs to match type ${matchTypes.exact}, and to no other.`);
    types.add(entityType);
  }
  if (types.has('ip') && types.size > 1) throw invalid('An address cannot stand beside a user or client id.');
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);
