import { type Clock, systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { type Random, seededRandom } from '../../shared/base/random.ts';
import { ProducerIds } from '../../shared/catalog/producer-ids.ts';
import { Topics } from '../../shared/catalog/topics.ts';
import type { GroupSettings } from '../../shared/groups/group-settings.ts';
import { type Groups, openGroups } from '../../shared/groups/groups.ts';
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
  readonly groups: Groups;
  /** A request by its path. */
  request(path: string, init?: RequestInit): Promise<Response>;
  getWithBody(path: string, body: string, headers: Record<string, string>): Promise<Response>;
  close(): Promise<void>;
};

export type RestDoorOptions = {
  readonly stores?: Stores;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly settings?: Partial<RestSettings>;
  readonly topicCacheMs?: number;
  readonly groups?: { readonly settings: Partial<GroupSettings> };
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
  const topics = new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: topicCacheMs } });
  const groups = openGroups({ ...world, topics, ...options.groups });
  const deps: RestDeps = {
    topics,
    logs,
    groups,
    metadata: stores.metadata,
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
    groups,
    request: (path, init) => app.fetch(new Request(`http://door.test${path}`, init)),
    getWithBody: (path, body, headers) =>
      app.fetch(new Request(`http://door.test${path}`, { headers }), undefined, () =>
        new Blob([body]).stream(),
      ),
    close: () => logs.drain(),
  };
}
