import { openInvokeBroker } from '../../../../gateway/invoke/invoke-broker.ts';
import { type Clock, systemClock } from '../../../../shared/base/clock.ts';
import { silentLog } from '../../../../shared/base/log.ts';
import { systemRandom } from '../../../../shared/base/random.ts';
import type { Broker } from '../../../../shared/broker/broker.ts';
import { openMemoryStores } from '../../../../shared/storage/memory/open-memory-stores.ts';
import { type BrokerEngine, openBroker } from '../../../support/broker-engine.ts';
import {
  type FunctionsOptions,
  type InvokedFunctions,
  openFunctions,
} from '../../../support/invoked-functions.ts';

export type Stand = {
  readonly broker: Pick<Broker, 'serve'>;
  readonly functions: InvokedFunctions;
  /** Another process on the same stores, which looks and writes without the gateway. */
  readonly engine: BrokerEngine;
};

export type StandOptions = Omit<FunctionsOptions, 'stores'> & {
  readonly clock?: Clock;
  readonly heartbeatHoldMs?: number;
};

/** A gateway before functions of which each may fail in its own way. */
export async function openStand(options: StandOptions = {}): Promise<Stand> {
  const clock = options.clock ?? systemClock;
  const stores = openMemoryStores({ clock, random: systemRandom });
  const functions = openFunctions({ stores, ...options });
  const nodes = () => [{ id: 1, host: 'kafka.example', port: 9092, rack: null }];
  const world = { clock, random: systemRandom, log: silentLog };
  const { heartbeatHoldMs = 0 } = options;
  const broker = await openInvokeBroker({ invoker: functions, nodes, heartbeatHoldMs, ...world });
  return { broker, functions, engine: openBroker({ stores, clock }) };
}
