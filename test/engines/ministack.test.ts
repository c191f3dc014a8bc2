import { afterAll, beforeAll } from 'vitest';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { capabilities, printLimits } from '../aws/capabilities.ts';
import { brokerLeasesSuite } from '../contract/broker-leases.suite.ts';
import type { Engine } from '../contract/engine.ts';
import { groupsSuite } from '../contract/groups.suite.ts';
import { partitionLogsSuite } from '../contract/partition-logs.suite.ts';
import { storesSuite } from '../contract/stores.suite.ts';
import { type MiniStack, startMiniStack } from '../support/ministack.ts';
import { openOnEmulator } from './aws-engine.ts';

let emulator: MiniStack;
beforeAll(async () => {
  emulator = await startMiniStack();
}, 90_000);
afterAll(async () => {
  await emulator?.stop();
  printLimits('MiniStack', capabilities.miniStack);
});

const engine: Engine = {
  name: 'DynamoDB and S3 of the emulator',
  open: () => openOnEmulator(emulator.endpoint),
  itemBytesMax: itemLimits.itemBytesMax,
  wronglyTakes: capabilities.miniStack.wronglyTakes,
};

storesSuite(engine);
partitionLogsSuite(engine);
groupsSuite(engine);
brokerLeasesSuite(engine);
