import { isIP } from 'node:net';
import { KafkaError } from '../kafka/error-codes.ts';

// The rules of KIP-546 and KIP-612 for whose quotas there may be, and which. None is kept here.

export const quotaEntityTypes = ['user', 'client-id', 'ip'] as const;
export type QuotaEntityType = (typeof quotaEntityTypes)[number];

export const isQuotaEntityType = (type: string): type is QuotaEntityType =>
  (quotaEntityTypes as readonly string[]).includes(type);

export type QuotaEntityPart = { readonly entityType: string; readonly entityName: string | null };
export type QuotaChange = { readonly key: string; readonly value: number; readonly remove: boolean };

type QuotaRule = { readonly isOfIp: boolean; readonly isWhole: boolean };

const quotaRules: ReadonlyMap<string, QuotaRule> = new Map([
  ['producer_byte_rate', { isOfIp: false, isWhole: true }],
  ['consumer_byte_rate', { isOfIp: false, isWhole: true }],
  ['request_percentage', { isOfIp: false, isWhole: false }],
  ['controller_mutation_rate', { isOfIp: false, isWhole: false }],
  ['connection_creation_rate', { isOfIp: true, isWhole: true }],
]);

/**
 * Throws INVALID_REQUEST unless there may be quotas for this entity. A null name means the default of its
 * type.
 */
export function checkQuotaEntity(entity: readonly QuotaEntityPart[]): void {
  if (entity.length === 0) throw invalid('An entity of a quota needs a user, a client id or an address.');
  const types = new Set<string>();
  for (const { entityType, entityName } of entity) {
    if (!isQuotaEntityType(entityType)) throw invalid(`There are no quotas by '${entityType}'.`);
    if (types.has(entityType)) throw invalid(`The entity has two of ${entityType}.`);
    if (entityName === '') throw invalid(`The name of ${entityType} may not be empty.`);
    if (entityType === 'ip' && entityName !== null && isIP(entityName) === 0)
      throw invalid(`'${entityName}' is no IP address.`);
    types.add(entityType);
  }
  if (types.has('ip') && types.size > 1) throw invalid('An address cannot stand beside a user or client id.');
}

/** Throws INVALID_REQUEST unless this entity may have this quota. */
export function checkQuotaChange(
  entity: readonly QuotaEntityPart[],
  { key, value, remove }: QuotaChange,
): void {
  if (remove) return;
  const rule = quotaRules.get(key);
  const isOfIp = entity.some(({ entityType }) => entityType === 'ip');
  if (rule?.isOfIp !== isOfIp) throw invalid(`There is no quota '${key}' for this entity.`);
  if (!(value > 0)) throw invalid(`${key} must be larger than 0.`);
  if (rule.isWhole && !Number.isInteger(value)) throw invalid(`${key} must be a whole number.`);
}

const invalid = (message: string): KafkaError => new KafkaError('INVALID_REQUEST', message);
