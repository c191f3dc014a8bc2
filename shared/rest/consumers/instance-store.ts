import { retry } from '../../base/retry.ts';
import { ulid } from '../../base/ulid.ts';
import {
  type ConsumerInstance,
  consumerInstanceKey,
  type InstanceSettings,
  instanceTtl,
  noMembership,
  readConsumerInstance,
  writeConsumerInstance,
} from '../../storage/items/consumer-instance.ts';
import { absent, all, type Condition, equals, isBelow, set } from '../../storage/metadata-store.ts';
import { isStoreError, mayRepeat, outcomeOf, type StoreError, tryWrite } from '../../storage/store-error.ts';
import type { RestDeps } from '../deps.ts';
import { RestError } from '../errors.ts';
import { leave } from './leave.ts';

/** Which instance a path names. */
export type InstanceName = { readonly groupId: string; readonly instanceId: string };

/** What instances are stored with. */
export type InstanceDeps = Pick<RestDeps, 'metadata' | 'groups' | 'clock' | 'random' | 'log'>;

/** What decides; the rest of an instance tells who and when. */
export type InstanceChange = Partial<Pick<ConsumerInstance, 'selection' | 'membership' | 'partitions'>>;

const patience = { firstDelayMs: 10, delayMsMax: 200, totalMsMax: 3_000 };
const triesMax = 20;

const send = <T>({ clock, random }: InstanceDeps, call: () => Promise<T>): Promise<T> =>
  retry({ ...patience, clock, random }, mayRepeat, call);

const keyOf = ({ groupId, instanceId }: InstanceName) => consumerInstanceKey(groupId, instanceId);

export const instanceNotFound = (): RestError => new RestError(404, 40403, 'Consumer instance not found.');

const nameTaken = (): RestError =>
  new RestError(
    409,
    40902,
    'Consumer with specified consumer ID already exists in the specified consumer group.',
  );

const hasExpired = ({ untilMs }: ConsumerInstance, nowMs: number): boolean => untilMs <= nowMs;

/**
 * A call keeps an instance for a third longer than is promised, so that only the first call in each such
 * third has to write it.
 */
const keptUntilMs = ({ clock, settings }: RestDeps): number =>
  clock.nowMs() + Math.ceil((settings.consumerInstanceTimeoutMs * 4) / 3);

/** As it is stored, expired or not. */
export async function readInstance(
  deps: InstanceDeps,
  name: InstanceName,
): Promise<ConsumerInstance | undefined> {
  const item = await send(deps, () => deps.metadata.get(keyOf(name)));
  return item === undefined ? undefined : readConsumerInstance(item);
}

/** The instance, which lives on with this call. Throws 404 40403. */
export async function loadInstance(deps: RestDeps, name: InstanceName): Promise<ConsumerInstance> {
  const instance = await readInstance(deps, name);
  const nowMs = deps.clock.nowMs();
  if (instance === undefined || hasExpired(instance, nowMs)) throw instanceNotFound();
  if (instance.untilMs - nowMs < deps.settings.consumerInstanceTimeoutMs) await touch(deps, instance);
  return instance;
}

async function touch(deps: RestDeps, instance: ConsumerInstance): Promise<void> {
  const untilMs = keptUntilMs(deps);
  const changes = [set(['until'], BigInt(untilMs)), set(['ttl'], instanceTtl(untilMs))];
  const condition = all(equals(['nonce'], instance.nonce), isBelow(['until'], BigInt(untilMs)));
  try {
    await tryWrite(deps.metadata.update(keyOf(instance), { changes, condition }));
  } catch (error) {
    // The next call tries again, long before the instance expires.
    if (!isStoreError(error)) throw error;
    deps.log.debug('a consumer instance was not kept', { error });
  }
}

/** Makes an instance. Throws 409 40902 when the group has a living one of this name. */
export async function createInstance(
  deps: RestDeps,
  name: InstanceName,
  settings: InstanceSettings,
): Promise<void> {
  const nonce = ulid(deps.clock, deps.random);
  const made: ConsumerInstance = {
    ...name,
    nonce,
    version: 1n,
    writeId: nonce,
    untilMs: keptUntilMs(deps),
    settings,
    selection: { by: 'nothing' },
    membership: noMembership,
    partitions: [],
  };
  for (let tries = 0; ; tries++) {
    const seen = await readInstance(deps, name);
    if (seen?.nonce === nonce) return; // by a write whose answer was lost
    if (seen !== undefined && !hasExpired(seen, deps.clock.nowMs())) throw nameTaken();
    if (seen !== undefined) await leave(deps, name.groupId, seen.membership.memberId);
    const condition = seen === undefined ? absent(['nonce']) : asSeen(seen);
    const put = send(deps, () => deps.metadata.put(keyOf(name), writeConsumerInstance(made), condition));
    const error = whyNotSure(await outcomeOf(put));
    if (error === undefined) return;
    if (error !== 'refused' && tries > triesMax) throw error;
  }
}

const asSeen = ({ nonce, version }: ConsumerInstance): Condition =>
  all(equals(['nonce'], nonce), equals(['v'], version));

/** Undefined: it is written. A failure that surely changed nothing is thrown. */
function whyNotSure(outcome: Awaited<ReturnType<typeof outcomeOf>>): 'refused' | StoreError | undefined {
  if (outcome.is === 'done') return undefined;
  if (outcome.is === 'refused') return 'refused';
  if (outcome.is === 'notApplied') throw outcome.error;
  return outcome.error;
}

/**
 * Replaces the instance if it is still as it was seen. Undefined: another call was faster, and nothing was
 * changed by this one.
 */
export async function replaceInstance(
  deps: RestDeps,
  seen: ConsumerInstance,
  change: InstanceChange,
): Promise<ConsumerInstance | undefined> {
  const next: ConsumerInstance = {
    ...seen,
    ...change,
    version: seen.version + 1n,
    writeId: ulid(deps.clock, deps.random),
    untilMs: keptUntilMs(deps),
  };
  for (let tries = 0; ; tries++) {
    const put = send(deps, () => deps.metadata.put(keyOf(seen), writeConsumerInstance(next), asSeen(seen)));
    const error = whyNotSure(await outcomeOf(put));
    if (error === undefined) return next;
    const found = await readInstance(deps, seen);
    if (found?.writeId === next.writeId) return next;
    // A write that is still on its way finds another version, and is refused.
    if (found?.nonce !== seen.nonce || found.version !== seen.version) return undefined;
    if (error !== 'refused' && tries > triesMax) throw error;
  }
}

/** Changes the instance, however many others do so at the same time. Throws 404 40403. */
export async function changeInstance(
  deps: RestDeps,
  name: InstanceName,
  change: (seen: ConsumerInstance) => Promise<InstanceChange | undefined>,
): Promise<void> {
  for (;;) {
    const seen = await loadInstance(deps, name);
    const changed = await change(seen);
    if (changed === undefined || (await replaceInstance(deps, seen, changed)) !== undefined) return;
  }
}

/** False: another call has changed it, or removed it, meanwhile. */
export async function removeInstance(deps: InstanceDeps, seen: ConsumerInstance): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    const removal = send(deps, () => deps.metadata.remove(keyOf(seen), asSeen(seen)));
    const error = whyNotSure(await outcomeOf(removal));
    if (error === undefined) return true;
    if (error === 'refused' && tries === 0) return false;
    if ((await readInstance(deps, seen)) === undefined) return true;
    if (error === 'refused') return false;
    if (tries > triesMax) throw error;
  }
}
