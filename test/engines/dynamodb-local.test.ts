import { afterAll, beforeAll } from 'vitest';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { capabilities, printLimits } from '../aws/capabilities.ts';
import { brokerLeasesSuite } from '../contract/broker-leases.suite.ts';
import type { Engine } from '../contract/engine.ts';
import { groupsSuite } from '../contract/groups.suite.ts';
import { partitionLogsSuite } from '../contract/partition-logs.suite.ts';
import { storesSuite } from '../contract/stores.suite.ts';
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

const engine: Engine = {
  name: 'DynamoDB Local',
  open: () => openOnDynamoDb(dynamoDb.endpoint),
  itemBytesMax: itemLimits.itemBytesMax,
  wronglyTakes: capabilities.dynamoDbLocal.wronglyTakes,
};

storesSuite(engine);
partitionLogsSuite(engine);
groupsSuite(engine);
brokerLeasesSuite(engine);
