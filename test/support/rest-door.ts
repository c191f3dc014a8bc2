import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { type Random, seededRandom } from '../../shared/base/random.ts';
import { ProducerIds } from '../../shared/catalog/producer-ids.ts';
import { Topics } from '../../shared/catalog/topics.ts';
import { brokerConfigEntries } from '../../shared/kafka/broker-config-keys.ts';
import { type OpenPartitionLogs, openPartitionLogs } from '../../shared/log/partition-logs.ts';
import { openNativeCodecs } from '../../shared/records/codecs-native.ts';
import { createRestApp, type RestApp } from '../../shared/rest/app.ts';
import { defaultRestSettings, type RestDeps, type RestSettings } from '../../shared/rest/deps.ts';
import { openMemoryStores } from '../../shared/storage/memory/open-memory-stores.ts';
import type { Stores } from '../../shared/storage/stores.ts';

export type RestDoor = {
  readonly app: RestApp;
  readonly deps: RestDeps;
  readonly logs: OpenPartitionLogs;
  /** A request by its path. */
  request(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

export type RestDoorOptions = {
  readonly stores?: Stores;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly settings?: Partial<RestSettings>;
  readonly topicCacheMs?: number;
  /** Replaces parts of what the door stands on. */
  readonly replace?: (deps: RestDeps) => Partial<RestDeps>;
};

export const testClusterId = 'test-cluster';

/** The HTTP door on the real catalog and log, in memory. */
export async function openRestDoor(options: RestDoorOptions = {}): Promise<RestDoor> {
  const { clock = systemClock, random = seededRandom(7), topicCacheMs = 1000 } = options;
  const stores = options.stores ?? openMemoryStores({ clock, random });
  const world = { stores, clock, random, log: silentLog };
  const codecs = await openNativeCodecs();
  const logs = openPartitionLogs({ ...world, codecs });
  const broker = { brokerId: 1, defaultPartitions: 1, autoCreateTopics: false };
  const deps: RestDeps = {
    topics: new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: topicCacheMs } }),
    logs,
    codecs,
    cluster: {
      clusterId: testClusterId,
      brokers: [{ id: 1, host: '127.0.0.1', port: 9092, rack: null }],
      controllerId: 1,
      leaderOf: () => 1,
      configsOf: () => brokerConfigEntries(broker),
    },
    producerIds: new ProducerIds(world),
    clock,
    random,
    log: silentLog,
    settings: { ...defaultRestSettings, ...options.settings },
  };
  const app = createRestApp({ ...deps, ...options.replace?.(deps) });
  return {
    app,
    deps,
    logs,
    request: (path, init) => app.fetch(new Request(`http://door.test${path}`, init)),
    close: () => logs.drain(),
  };
}
