import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { Broker } from '../broker/broker.ts';
import { type BrokerNode, defaultBrokerSettings } from '../broker/broker-context.ts';
import { ClientQuotas } from '../catalog/client-quotas.ts';
import { ProducerIds } from '../catalog/producer-ids.ts';
import { Topics } from '../catalog/topics.ts';
import { CommittedOffsets } from '../groups/committed-offsets.ts';
import { GroupCoordinator } from '../groups/group-coordinator.ts';
import { openGroupRoom } from '../groups/group-room.ts';
import { openPartitionLogs } from '../log/partition-logs.ts';
import { openPortableCodecs } from '../records/codecs-portable.ts';
import type { MetadataStore } from '../storage/metadata-store.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { StoreError } from '../storage/store-error.ts';
import type { Stores } from '../storage/stores.ts';
import { LocalCluster } from './local-cluster.ts';

export type UnreachableBrokerOptions = {
  readonly nodes: () => readonly BrokerNode[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
};

/**
 * A broker whose store cannot be reached. It answers what needs no store, such as ApiVersions, and everything
 * else with the error that a client of this API expects then: so a gateway whose functions fail says the same
 * as one whose table does, and each error is written once.
 */
export async function openUnreachableBroker({ nodes, ...rest }: UnreachableBrokerOptions): Promise<Broker> {
  // The gateway itself tells why; what the domain would add to it is only noise.
  const world = { ...rest, log: quiet(rest.log), stores: unreachableStores };
  const topics = new Topics({ ...world, settings: { defaultPartitions: 1, cacheMs: 0 } });
  const room = openGroupRoom({ ...world, topics });
  return new Broker({
    ...world,
    topics,
    logs: openPartitionLogs({ ...world, codecs: await openPortableCodecs() }),
    groups: new GroupCoordinator(room),
    offsets: new CommittedOffsets(room),
    producerIds: new ProducerIds(world),
    quotas: new ClientQuotas(world),
    cluster: new LocalCluster('', nodes),
    settings: defaultBrokerSettings,
  });
}

const quiet = (log: Log): Log => ({ ...log, warn: log.debug, info: log.debug });

const unreachable = async (): Promise<never> => {
  throw new StoreError('unavailable', 'no function could be invoked');
};

const metadata: MetadataStore = {
  get: unreachable,
  getMany: unreachable,
  query: unreachable,
  put: unreachable,
  update: unreachable,
  remove: unreachable,
  transact: unreachable,
};

const objects: ObjectStore = {
  put: unreachable,
  getRange: unreachable,
  delete: unreachable,
  list: unreachable,
};

const unreachableStores: Stores = {
  metadata,
  objects,
  staging: {
    thresholds: {
      ...{ entryBytesMax: 160, itemBytesMax: 8_192, expires: true },
      ...{ groupEntriesMax: 32, groupBytesMax: 1_024, tailEntriesMax: 48, tailBytesMax: 2_048 },
    },
    stage: (what) => ({ what, done: unreachable() }),
  },
};
