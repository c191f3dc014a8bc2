import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { restSuite } from '../contract/rest.suite.ts';
import type { RestUnderTest } from '../support/rest-client.ts';
import { canShow } from './capabilities.ts';
import { type Deployment, deployStack } from './deployment.ts';
import { flightsSuite } from './flights.suite.ts';
import { deployedLogSuite } from './log.suite.ts';
import { openRestDoorAt, restApiTraits } from './rest-door-at.ts';

const emulator = inject('emulator');

describe('a stack with a REST API', () => {
  let deployment: Deployment;
  let door: RestUnderTest;
  beforeAll(async () => {
    deployment = await deployStack(emulator, 'RestLog', { api: 'rest', removal: 'destroy' });
    door = openRestDoorAt(await deployment.openDoor(), restApiTraits(emulator.name));
  });
  afterAll(async () => {
    await door?.close();
    await deployment?.destroy();
    if (deployment) expect(await deployment.hasData()).toBe(false);
  });

  if (canShow(emulator.name, 'IAM on routes')) {
    test('nobody gets in without a signature', async () => {
      const proxy = await deployment.openDoor({ isUnsigned: true });
      expect((await fetch(`${proxy.url}/topics`)).status).toBe(403);
      await proxy.close();
    });
  }

  deployedLogSuite(
    () => deployment,
    () => door,
  );
  flightsSuite(() => deployment, ['--limit', '3000', '--segment-bytes', '1024']);
  restSuite('through the REST API', async () =>
    openRestDoorAt(await deployment.openDoor(), restApiTraits(emulator.name)),
  );
});
