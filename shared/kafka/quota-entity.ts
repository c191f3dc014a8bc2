/** Whom a quota holds for, in Kafka's spelling (KIP-546); a null name means the default of its type. */
export type QuotaEntity = readonly { readonly entityType: string; readonly entityName: string | null }[];

/** The same text for the same entity, in whatever order its parts come. */
export const quotaEntityName = (entity: QuotaEntity): string =>
  JSON.stringify(entity.map(({ entityType, entityName }) => [entityType, entityName]).sort());
