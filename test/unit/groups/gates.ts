import { type Fate, type FaultPlan, type FaultyStores, faultyStores } from '../../support/faulty-stores.ts';
import type { StoreCall } from '../../support/store-calls.ts';
import { type Ground, pass } from './group-bench.ts';

/** Stores whose calls stop where a test wants them to, so that another process can come between. */
export type Gate = {
  readonly stores: FaultyStores;
  /** Lets time pass until the call is there. */
  reached(): Promise<void>;
  /** Lets it, and everything after it, through. */
  open(): void;
};

/** Stops the call number `number` (from 1) of those that `concerns` picks. */
export function gateAt(ground: Ground, concerns: (call: StoreCall) => boolean, number = 1): Gate {
  let seen = 0;
  let isThere = false;
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const plan: FaultPlan = async (call): Promise<Fate> => {
    if (concerns(call) && ++seen === number) {
      isThere = true;
      await opened;
    }
    return 'ok';
  };
  const reached = async (): Promise<void> => {
    for (let tries = 0; !isThere; tries++) {
      if (tries > 2_000) throw new Error('the call that should stop was never made');
      await pass(ground, 20);
    }
  };
  return { stores: faultyStores(ground.stores, plan, ground.clock), reached, open: () => open() };
}

/** Stores of a process that can be frozen: from then on none of its calls goes on until it thaws. */
export function freezer(ground: Ground): { stores: FaultyStores; freeze(): void; thaw(): void } {
  let frozen: Promise<void> | undefined;
  let thaw: () => void = () => {};
  const plan: FaultPlan = async (): Promise<Fate> => {
    await frozen;
    return 'ok';
  };
  return {
    stores: faultyStores(ground.stores, plan, ground.clock),
    freeze: () => {
      frozen = new Promise((resolve) => {
        thaw = resolve;
      });
    },
    thaw: () => {
      frozen = undefined;
      thaw();
    },
  };
}

export const putsCell = (call: StoreCall): boolean =>
  call.operation === 'put' && call.target === 'g#g / group';

export const touches =
  (operation: StoreCall['operation'], part: string) =>
  (call: StoreCall): boolean =>
    call.operation === operation && call.target.includes(part);
