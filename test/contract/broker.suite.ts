import { afterAll, beforeAll, describe } from 'vitest';
import { type BrokerEngine, openBroker } from '../support/broker-engine.ts';
import { fetchTests } from './broker-fetch.suite.ts';
import { idempotenceTests } from './broker-idempotence.suite.ts';
import { metadataTests } from './broker-metadata.suite.ts';
import { offsetTests } from './broker-offsets.suite.ts';
import { produceTests } from './broker-produce.suite.ts';
import { sessionTests } from './broker-session.suite.ts';
import type { Engine, OpenStores } from './engine.ts';

/**
 * Small, so that pages, evictions and segments come early; polls so rare that only an append wakes a fetch.
 */
const logSettings = { producersInHeadMax: 3, pollFirstMs: 60_000, pollMaxMs: 60_000 };

/** The Kafka API on an engine, from the bytes of a request to the bytes of its answer (I13). */
export function brokerSuite(engine: Engine): void {
  describe(`the broker on ${engine.name}`, () => {
    let stores: OpenStores;
    let opened: BrokerEngine;
    beforeAll(async () => {
      stores = await engine.open();
      opened = openBroker({ stores, logSettings });
    }, 60_000);
    afterAll(async () => {
      await opened.logs.drain();
      await stores.close();
    });
    const world = () => ({ stores, engine: opened });
    produceTests(world);
    idempotenceTests(world);
    fetchTests(world);
    offsetTests(world);
    metadataTests(world);
    sessionTests(world);
  });
}
