import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { BrokerCluster, BrokerNode } from '../broker/broker-context.ts';
import { type BrokerAddress, type BrokerLeases, brokerLeaseTimes } from '../catalog/broker-leases.ts';
import type { TopicId } from '../kafka/topic-partition.ts';
import type { BrokerLease } from '../storage/items/broker-lease.ts';
import { livingFrom } from './broker-spread.ts';

/** The cluster as one gateway sees it, and its own place in it. */
export interface GatewayMembership {
  readonly cluster: BrokerCluster;
  /** The broker that this gateway is; may change while it runs. */
  readonly brokerId: number;
  /** Becomes a broker that clients are sent to. */
  join(address: BrokerAddress): Promise<void>;
  /** Clients are not sent here any more. Never rejects. */
  leave(): Promise<void>;
  /** Resolves with the reason when this gateway cannot be a broker any longer. */
  readonly lost: Promise<Error>;
}

/**
 * A gateway that advertises only itself and leads everything: a client is never sent to another's sidecar.
 */
export class GatewayAlone implements GatewayMembership, BrokerCluster {
  readonly clusterId: string;
  readonly brokerId: number;
  readonly cluster: BrokerCluster = this;
  readonly lost = new Promise<Error>(() => {});
  brokers: readonly BrokerNode[] = [];

  constructor(clusterId: string, brokerId: number) {
    this.clusterId = clusterId;
    this.brokerId = brokerId;
  }

  get controllerId(): number {
    return this.brokerId;
  }

  leaderOf(): number {
    return this.brokerId;
  }

  coordinatorOf(): number {
    return this.brokerId;
  }

  async join({ host, port }: BrokerAddress): Promise<void> {
    this.brokers = [{ id: this.brokerId, host, port, rack: null }];
  }

  async leave(): Promise<void> {}
}

export type GatewayClusterOptions = {
  readonly clusterId: string;
  readonly leases: BrokerLeases;
  /** The id that this gateway must have; undefined: any that is free. */
  readonly wantedId: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
};

/** When the store has failed, the next try does not wait for its turn. */
const tryAgainMs = 500;
const releaseMsMax = 2_000;

/**
 * Gateways that find each other through leases in the store. What is known of the others is a few seconds
 * old: leadership is advice, and whoever is asked serves.
 */
export class GatewayCluster implements GatewayMembership, BrokerCluster {
  readonly clusterId: string;
  readonly cluster: BrokerCluster = this;
  readonly lost: Promise<Error>;
  private readonly options: GatewayClusterOptions;
  private known: readonly BrokerLease[] = [];
  private own: BrokerLease | undefined;
  private readonly stopping = new AbortController();
  private beating: Promise<void> = Promise.resolve();
  private lose: (reason: Error) => void = () => {};

  constructor(options: GatewayClusterOptions) {
    this.options = options;
    this.clusterId = options.clusterId;
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  get brokerId(): number {
    return this.own?.brokerId ?? this.options.wantedId ?? -1;
  }

  get brokers(): readonly BrokerNode[] {
    return this.known
      .filter((lease) => this.isLiving(lease))
      .map(({ brokerId: id, host, port }) => ({ id, host, port, rack: null }));
  }

  get controllerId(): number {
    return this.known.find((lease) => this.isLiving(lease))?.brokerId ?? this.brokerId;
  }

  leaderOf(topicId: TopicId, partition: number): number {
    return this.livingFrom(topicId, partition);
  }

  coordinatorOf(key: string): number {
    return this.livingFrom(key);
  }

  /** Takes an id and keeps it. Throws `BrokerIdTaken`, or the store's error. */
  async join(address: BrokerAddress): Promise<void> {
    const { leases, wantedId, log } = this.options;
    this.own = await leases.take(address, { ...wantedAs(wantedId), replaces: true });
    log.info('this gateway is a broker', { brokerId: this.brokerId, ...address });
    this.see(await leases.list());
    this.beating = this.beat();
  }

  async leave(): Promise<void> {
    this.stopping.abort();
    await this.beating;
    const { own } = this;
    if (own === undefined) return;
    const { leases, clock, log } = this.options;
    const released = leases.release(own).catch((error: unknown) => {
      log.warn('the lease of this broker could not be given back: it runs out', { error });
    });
    await Promise.race([released, clock.sleep(releaseMsMax)]);
  }

  /** We live as long as we can say so, whatever an old look at the store says. */
  private isLiving(lease: BrokerLease): boolean {
    return lease.owner === this.own?.owner || this.options.leases.isLiving(lease);
  }

  private livingFrom(start: string, partition = 0): number {
    const ids = this.known.map(({ brokerId }) => brokerId);
    const living = new Set(this.brokers.map(({ id }) => id));
    return livingFrom(ids, (id) => living.has(id), start, partition) ?? this.brokerId;
  }

  private async beat(): Promise<void> {
    const { clock, log } = this.options;
    const { signal } = this.stopping;
    let pauseMs: number = brokerLeaseTimes.renewMs;
    for (;;) {
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return;
      try {
        await this.renew();
        pauseMs = brokerLeaseTimes.renewMs;
      } catch (error) {
        log.warn('the lease of this broker could not be renewed', { brokerId: this.brokerId, error });
        pauseMs = tryAgainMs;
      }
    }
  }

  private async renew(): Promise<void> {
    const { leases } = this.options;
    const { own } = this;
    if (own === undefined) return;
    const [renewed, seen] = await Promise.all([leases.renew(own), leases.list()]);
    if (renewed !== undefined) {
      this.own = renewed;
      return this.see(seen);
    }
    await this.takeAnother(own);
    this.see(await leases.list());
  }

  /** We were away for longer than a lease, and our id has gone on to another process. */
  private async takeAnother({ host, port, brokerId }: BrokerLease): Promise<void> {
    const { leases, wantedId, log } = this.options;
    log.warn('the lease of this broker ran out and its id was taken', { brokerId });
    try {
      this.own = await leases.take({ host, port }, wantedAs(wantedId));
      log.warn('this gateway is another broker now', { brokerId: this.brokerId, was: brokerId });
    } catch (error) {
      if (wantedId === undefined || !(error instanceof Error)) throw error;
      this.stopping.abort();
      this.lose(error);
    }
  }

  private see(leases: readonly BrokerLease[]): void {
    const { own } = this;
    const others = leases.filter(({ brokerId }) => brokerId !== own?.brokerId);
    this.known = [...others, ...(own === undefined ? [] : [own])].sort((a, b) => a.brokerId - b.brokerId);
  }
}

const wantedAs = (wanted: number | undefined): { wanted?: number } =>
  wanted === undefined ? {} : { wanted };
