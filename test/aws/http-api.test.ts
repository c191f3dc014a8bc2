import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { itemLimits } from '../../shared/storage/item-limits.ts';
import { restSuite } from '../contract/rest.suite.ts';
import { storesSuite } from '../contract/stores.suite.ts';
import type { RestUnderTest } from '../support/rest-client.ts';
import { canShow, storeCapabilities } from './capabilities.ts';
import { type Deployment, deployStack } from './deployment.ts';
import { flightsSuite } from './flights.suite.ts';
import { deployedLogSuite } from './log.suite.ts';
import { httpApiTraits, openRestDoorAt } from './rest-door-at.ts';

const emulator = inject('emulator');

if (canShow(emulator.name, 'an HTTP API')) {
  describe('a stack with an HTTP API', () => {
    let deployment: Deployment;
    let door: RestUnderTest;
    beforeAll(async () => {
      deployment = await deployStack(emulator, 'HttpLog', { api: 'http', removal: 'destroy' });
      door = openRestDoorAt(await deployment.openDoor(), httpApiTraits);
    });
    afterAll(async () => {
      await door?.close();
      await deployment?.destroy();
      if (deployment) expect(await deployment.hasData()).toBe(false);
    });

    test.each([
      ['without a signature', { isUnsigned: true }],
      [
        'with a wrong key',
        { credentials: { accessKeyId: 'AKIAWRONGWRONGWRONG0', secretAccessKey: 'wrong' } },
      ],
    ])('nobody gets in %s', async (_, options) => {
      const proxy = await deployment.openDoor(options);
      const stranger = openRestDoorAt(proxy, httpApiTraits);
      try {
        for (const path of ['/topics', '/v3/clusters', '/topics/orders/partitions/0/records?offset=0']) {
          expect((await stranger.request(path)).status).toBe(403);
        }
        const produce = await stranger.request('/topics/orders', { method: 'POST', body: '{"records":[]}' });
        expect(produce.status).toBe(403);
      } finally {
        await stranger.close();
      }
    });

    deployedLogSuite(
      () => deployment,
      () => door,
    );
    flightsSuite(() => deployment, []);
    restSuite('through the HTTP API', async () => openRestDoorAt(await deployment.openDoor(), httpApiTraits));
    storesSuite({
      name: "the stack's own table and bucket",
      open: async () => deployment.openStores(),
      itemBytesMax: itemLimits.itemBytesMax,
      wronglyTakes: storeCapabilities[emulator.name].wronglyTakes,
    });
  });
} else {
  test(`${emulator.name} has no HTTP API: the REST API is tried instead`, () => {
    expect(canShow(emulator.name, 'an HTTP API')).toBe(false);
  });
}
