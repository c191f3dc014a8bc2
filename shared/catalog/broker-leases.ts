import {
  type BrokerLease,
  brokerLeaseKey,
  brokerLeaseRange,
  brokerLeaseTtl,
  readBrokerLease,
  writeBrokerLease,
} from '../storage/items/broker-lease.ts';
import { absent, all, type Condition, equals, queryAll, set } from '../storage/metadata-store.ts';
import { tryWrite } from '../storage/store-error.ts';
import { CatalogStore, type CatalogStoreOptions } from './catalog-store.ts';
import { randomId } from './topic-id.ts';

export const brokerLeaseTimes = {
  /** How often a living broker says so. */
  renewMs: 3_000,
  /** A broker that has said nothing for so long is dead. */
  leaseMs: 10_000,
  /** A dead broker's partitions keep their place for so long; then its id is forgotten. */
  rememberedMs: 3_600_000,
} as const;

export type BrokerAddress = { readonly host: string; readonly port: number };

/** The id that was asked for is held by a process that lives. */
export class BrokerIdTaken extends Error {
  override name = 'BrokerIdTaken';
  constructor({ brokerId, host, port }: BrokerLease) {
    super(`Broker id ${brokerId} is held by the gateway at ${host}:${port}: stop it, or choose another id.`);
  }
}

/**
 * The gateways of one cluster, each with a lease on a broker id. An id is taken by one conditional put, so no
 * two processes hold one; a process that was frozen finds at its next renewal that the id has gone on.
 */
export class BrokerLeases {
  private readonly store: CatalogStore;

  constructor(options: CatalogStoreOptions) {
    this.store = new CatalogStore(options);
  }

  isLiving({ untilMs }: BrokerLease): boolean {
    return untilMs > this.store.clock.nowMs();
  }

  /** The brokers that live or died a while ago, by id. Throws the store's error at its first failure. */
  async list(): Promise<BrokerLease[]> {
    const leases: BrokerLease[] = [];
    const rememberedFromMs = this.store.clock.nowMs() - brokerLeaseTimes.rememberedMs;
    for await (const { item } of queryAll(this.store.metadata, brokerLeaseRange)) {
      const lease = readBrokerLease(item);
      if (lease.untilMs > rememberedFromMs) leases.push(lease);
    }
    return leases.sort((a, b) => a.brokerId - b.brokerId);
  }

  /**
   * Takes the id `wanted`, or without one the smallest that no living process holds. `replaces`: whoever
   * holds this very address cannot live, since we listen on it; its id is taken over at once. Throws
   * `BrokerIdTaken` when the wanted id's holder has not died within the time of a lease.
   */
  async take(
    address: BrokerAddress,
    options: { wanted?: number; replaces?: boolean } = {},
  ): Promise<BrokerLease> {
    const { clock, random } = this.store;
    const owner = Buffer.from(randomId(random)).toString('base64url');
    const giveUpMs = clock.nowMs() + brokerLeaseTimes.leaseMs + holderGraceMs;
    for (;;) {
      const taken = await this.store.settle(() => this.tryTake({ ...address, owner }, options));
      if (!('heldBy' in taken)) return taken;
      if (clock.nowMs() >= giveUpMs) throw new BrokerIdTaken(taken.heldBy);
      await clock.sleep(lookAgainMs);
    }
  }

  /** Says that the broker lives. Answers the longer lease; undefined: the id is somebody else's by now. */
  async renew(lease: BrokerLease): Promise<BrokerLease | undefined> {
    const { metadata } = this.store;
    const longer = { ...lease, untilMs: this.untilMs() };
    const changes = [set(['until'], BigInt(longer.untilMs)), set(['ttl'], brokerLeaseTtl(longer.untilMs))];
    const condition = equals(['owner'], lease.owner);
    const isOurs = await tryWrite(metadata.update(brokerLeaseKey(lease.brokerId), { changes, condition }));
    return isOurs ? longer : undefined;
  }

  /** Gives the id back: the others stop sending clients here as soon as they look. */
  async release({ brokerId, owner }: BrokerLease): Promise<void> {
    const { metadata } = this.store;
    await tryWrite(
      this.store.send(() => metadata.remove(brokerLeaseKey(brokerId), equals(['owner'], owner))),
    );
  }

  private async tryTake(
    holder: BrokerAddress & { owner: string },
    { wanted, replaces = false }: { wanted?: number; replaces?: boolean },
  ): Promise<BrokerLease | { heldBy: BrokerLease }> {
    const seen = new Map<number, BrokerLease>();
    for await (const { item } of queryAll(this.store.metadata, brokerLeaseRange)) {
      const lease = readBrokerLease(item);
      if (lease.owner === holder.owner) return lease; // an earlier try whose answer was lost
      seen.set(lease.brokerId, lease);
    }
    const isSameAddress = ({ host, port }: BrokerLease): boolean =>
      replaces && host === holder.host && port === holder.port;
    const isFree = (lease: BrokerLease | undefined): boolean =>
      lease === undefined || isSameAddress(lease) || !this.isLiving(lease);
    const brokerId = wanted ?? [...seen.values()].find(isSameAddress)?.brokerId ?? smallest(seen, isFree);
    const before = seen.get(brokerId);
    if (before !== undefined && !isFree(before)) return { heldBy: before };
    const lease = { ...holder, brokerId, untilMs: this.untilMs() };
    await this.store.metadata.put(brokerLeaseKey(brokerId), writeBrokerLease(lease), unchanged(before));
    return lease;
  }

  private untilMs(): number {
    return this.store.clock.nowMs() + brokerLeaseTimes.leaseMs;
  }
}

const lookAgainMs = 500;
/** The holder may have renewed just before it died. */
const holderGraceMs = 1_000;

function smallest(
  seen: ReadonlyMap<number, BrokerLease>,
  isFree: (lease: BrokerLease | undefined) => boolean,
): number {
  for (let brokerId = 1; ; brokerId++) if (isFree(seen.get(brokerId))) return brokerId;
}

/** Whoever was taken for dead may have renewed meanwhile. */
const unchanged = (before: BrokerLease | undefined): Condition =>
  before === undefined
    ? absent(['t'])
    : all(equals(['owner'], before.owner), equals(['until'], BigInt(before.untilMs)));
