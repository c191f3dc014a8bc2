import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';

/** The names that the one table's schema fixes. */
export const metadataTable = {
  /** Partition key and sort key, both strings. */
  pk: 'pk',
  sk: 'sk',
  /** Seconds since 1970 after which DynamoDB may remove the item, within days. */
  ttl: 'ttl',
} as const;

/**
 * The table as it is deployed: pay per request, a stream of new images. Expiry is switched on by a call of
 * its own.
 */
export const createMetadataTableInput = (tableName: string): CreateTableCommandInput => ({
  TableName: tableName,
  AttributeDefinitions: [
    { AttributeName: metadataTable.pk, AttributeType: 'S' },
    { AttributeName: metadataTable.sk, AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: metadataTable.pk, KeyType: 'HASH' },
    { AttributeName: metadataTable.sk, KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
});
