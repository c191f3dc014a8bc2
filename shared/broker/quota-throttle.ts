import type { Clock } from '../base/clock.ts';
import type { ClientQuota, ClientQuotas } from '../catalog/client-quotas.ts';

// Kafka measures over `quota.window.num` windows of `quota.window.size.seconds`; these are its defaults.
const windowMs = 1_000;
const windows = 11;
/** Rates of clients that went silent are forgotten beyond this many. */
const ratesMax = 10_000;

export type ByteRate = 'producer_byte_rate' | 'consumer_byte_rate';

/** Whose call it is. */
export type QuotaCall = {
  readonly caller: { readonly principal: string };
  readonly clientId: string | null;
  /** Set where a function serves a gateway: it sees a part of the traffic, and may not wait. */
  readonly invoked?: object;
};

/**
 * How long clients must wait so that they keep to their quotas. Each process measures by itself, as Kafka's
 * brokers do.
 */
export class QuotaThrottle {
  private readonly quotas: ClientQuotas;
  private readonly clock: Clock;
  private readonly rates = new Map<string, Rate>();

  constructor(quotas: ClientQuotas, clock: Clock) {
    this.quotas = quotas;
    this.clock = clock;
  }

  /** Counts what a client has sent or been given; how many milliseconds it is to be held up for that. */
  throttleMs(quota: ByteRate, { caller, clientId: id, invoked }: QuotaCall, bytes: number): number {
    if (invoked !== undefined) return 0;
    const [user, clientId] = [caller.principal.replace(/^User:/, ''), id ?? ''];
    const limit = limitOf(this.quotas.recent(), quota, user, clientId);
    if (limit === undefined) return 0;
    const nowMs = this.clock.nowMs();
    const rate = this.rateOf(`${quota} ${limit.shared} ${user} ${limit.isOfUser ? '' : clientId}`);
    const perSecond = rate.add(bytes, nowMs);
    if (perSecond <= limit.perSecond) return 0;
    const waitMs = ((perSecond - limit.perSecond) / limit.perSecond) * rate.spanMs(nowMs);
    return Math.min(Math.round(waitMs), windowMs * windows);
  }

  private rateOf(name: string): Rate {
    const rate = this.rates.get(name) ?? new Rate();
    this.rates.delete(name);
    this.rates.set(name, rate); // the newest last
    const [oldest] = this.rates.keys();
    if (this.rates.size > ratesMax && oldest !== undefined) this.rates.delete(oldest);
    return rate;
  }
}

/** Bytes a second over the last windows. */
class Rate {
  private samples: { startMs: number; bytes: number }[] = [];

  add(bytes: number, nowMs: number): number {
    this.samples = this.samples.filter(({ startMs }) => startMs > nowMs - windowMs * windows);
    const last = this.samples.at(-1);
    if (last && nowMs - last.startMs < windowMs) last.bytes += bytes;
    else this.samples.push({ startMs: nowMs, bytes });
    const total = this.samples.reduce((sum, sample) => sum + sample.bytes, 0);
    return total / (this.spanMs(nowMs) / 1_000);
  }

  /** A young rate counts as if it had been silent before, so that one burst is not held against it. */
  spanMs(nowMs: number): number {
    return Math.max(nowMs - (this.samples[0]?.startMs ?? nowMs), windowMs * (windows - 1));
  }
}

type Limit = { perSecond: number; isOfUser: boolean; shared: string };

/** In this order Kafka looks for whose quota holds: names before defaults, users before client ids. */
const precedence: readonly { user?: 'name' | 'default'; client?: 'name' | 'default' }[] = [
  { user: 'name', client: 'name' },
  { user: 'name', client: 'default' },
  { user: 'name' },
  { user: 'default', client: 'name' },
  { user: 'default', client: 'default' },
  { user: 'default' },
  { client: 'name' },
  { client: 'default' },
];

function limitOf(
  quotas: readonly ClientQuota[],
  key: ByteRate,
  user: string,
  clientId: string,
): Limit | undefined {
  if (quotas.length === 0) return undefined;
  for (const [place, { user: ofUser, client }] of precedence.entries()) {
    const found = quotas.find(
      ({ entity, values }) =>
        values.has(key) &&
        entity.length === Number(ofUser !== undefined) + Number(client !== undefined) &&
        names(entity, 'user', ofUser, user) &&
        names(entity, 'client-id', client, clientId),
    );
    const perSecond = found?.values.get(key);
    if (perSecond !== undefined) return { perSecond, isOfUser: client === undefined, shared: String(place) };
  }
  return undefined;
}

function names(
  entity: ClientQuota['entity'],
  type: string,
  how: 'name' | 'default' | undefined,
  name: string,
): boolean {
  if (how === undefined) return true;
  const part = entity.find(({ entityType }) => entityType === type);
  return part !== undefined && part.entityName === (how === 'default' ? null : name);
}
