import { afterAll, beforeAll } from 'vitest';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { capabilities, printLimits } from '../aws/capabilities.ts';
import { metadataStoreSuite } from '../contract/metadata-store.suite.ts';
import { type DynamoDbLocal, startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { openOnDynamoDb } from './aws-engine.ts';

let dynamoDb: DynamoDbLocal;
beforeAll(async () => {
  dynamoDb = await startDynamoDbLocal();
}, 90_000);
afterAll(async () => {
  await dynamoDb?.stop();
  printLimits('DynamoDB Local', capabilities.dynamoDbLocal);
});

metadataStoreSuite({
  name: 'DynamoDB Local',
  open: () => openOnDynamoDb(dynamoDb.endpoint),
  itemBytesMax: itemLimits.itemBytesMax,
  wronglyTakes: capabilities.dynamoDbLocal.wronglyTakes,
});
