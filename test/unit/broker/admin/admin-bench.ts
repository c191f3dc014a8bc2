import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../../../shared/base/clock.ts';
import { seededRandom } from '../../../../shared/base/random.ts';
import { type KafkaErrorName, kafkaErrors } from '../../../../shared/kafka/error-codes.ts';
import type { Api } from '../../../../shared/protocol/schema.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import { type BrokerEngine, type BrokerEngineOptions, openBroker } from '../../../support/broker-engine.ts';

/** A broker in memory for all tests of a file. */
export function brokerInMemory(options: Partial<BrokerEngineOptions> = {}): () => BrokerEngine {
  let engine: BrokerEngine | undefined;
  beforeAll(() => {
    const stores = openMemoryStores({ clock: systemClock, random: seededRandom(11) });
    engine = openBroker({ stores, ...options });
  });
  afterAll(() => engine?.logs.drain());
  return () => {
    if (engine === undefined) throw new Error('the broker is opened before the first test');
    return engine;
  };
}

export const code = (name: KafkaErrorName): number => kafkaErrors[name].code;
export const none = code('NONE');

/** The oldest and the newest version of an API. */
export const ends = ({ versions: [min, max] }: Api): number[] => [...new Set([min, max])];
