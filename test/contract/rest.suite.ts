import { afterAll, beforeAll, describe } from 'vitest';
import { RestClient, type RestUnderTest } from '../support/rest-client.ts';
import { restAdminSuite } from './rest-admin.suite.ts';
import { restConfigsSuite } from './rest-configs.suite.ts';
import { restConsumerOffsetsSuite } from './rest-consumer-offsets.suite.ts';
import { restConsumersSuite } from './rest-consumers.suite.ts';
import { restConventionsSuite } from './rest-conventions.suite.ts';
import { restGroupsSuite } from './rest-groups.suite.ts';
import { restHostileSuite } from './rest-hostile.suite.ts';
import { restIdempotenceSuite } from './rest-idempotence.suite.ts';
import { restMetadataSuite } from './rest-metadata.suite.ts';
import { restProduceSuite } from './rest-produce.suite.ts';
import { restReadSuite } from './rest-read.suite.ts';
import { restRecordsSuite } from './rest-records.suite.ts';

/**
 * What every HTTP door must do, anywhere. The tests make topics of their own and never look at others,
 * so that a door may be shared; every answer is held against the API document that the door serves.
 */
export function restSuite(name: string, open: () => Promise<RestUnderTest>): void {
  describe(`the HTTP door, ${name}`, () => {
    let door: RestUnderTest | undefined;
    let client: RestClient | undefined;
    beforeAll(async () => {
      door = await open();
      client = new RestClient(door);
    }, 60_000);
    afterAll(() => door?.close());
    const rest = (): RestClient => {
      if (!client) throw new Error(`${name} did not open`);
      return client;
    };

    describe('v2 topics, partitions and brokers', () => restMetadataSuite(rest));
    describe('v2 produce', () => restProduceSuite(rest));
    describe('idempotent produce', () => restIdempotenceSuite(rest));
    describe('the read without state', () => restReadSuite(rest));
    describe('v2 consumer instances', () => restConsumersSuite(rest));
    describe('v2 consumer offsets', () => restConsumerOffsetsSuite(rest));
    describe('v3 clusters, topics and partitions', () => restAdminSuite(rest));
    describe('v3 consumer groups', () => restGroupsSuite(rest));
    describe('v3 configs', () => restConfigsSuite(rest));
    describe('v3 records', () => restRecordsSuite(rest));
    describe('conventions', () => restConventionsSuite(rest));
    describe('hostile requests', () => restHostileSuite(rest));
  });
}
