import type { Key } from '../../shared/storage/item.ts';
import {
  type Change,
  keyOfAction,
  type MetadataStore,
  type Update,
  type UpdateOptions,
} from '../../shared/storage/metadata-store.ts';
import type { ObjectStore } from '../../shared/storage/object-store.ts';
import { stagingByPut, untilStaged } from '../../shared/storage/staging-by-put.ts';
import { StoreError } from '../../shared/storage/store-error.ts';
import type { Stores } from '../../shared/storage/stores.ts';
import type { Fate, Faults } from './faults.ts';
import type { SimulatedProcess } from './process.ts';
import { happens, type Scheduler } from './scheduler.ts';

/** How long a caller waits for an answer that never comes. */
const answerTimeoutMs = 1_000;

/**
 * The way of every call of one process to the store: it begins, takes effect, is answered, each when its time
 * comes.
 */
class Network {
  private readonly scheduler: Scheduler;
  private readonly faults: Faults;
  private readonly process: SimulatedProcess;

  constructor(scheduler: Scheduler, faults: Faults, process: SimulatedProcess) {
    this.scheduler = scheduler;
    this.faults = faults;
    this.process = process;
  }

  read<T>(name: string, effect: () => Promise<T>): Promise<T> {
    return this.call(name, false, effect);
  }

  write<T>(name: string, effect: () => Promise<T>): Promise<T> {
    return this.call(name, true, effect);
  }

  private call<T>(name: string, isWrite: boolean, effect: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const begin = `${this.process.name} begins ${name}`;
      this.scheduler.after(0, begin, () =>
        this.process.deliver(begin, () => {
          const fate = this.faults.fateOf({ process: this.process.name, name, isWrite });
          this.send(name, fate, effect, resolve, reject);
        }),
      );
    });
  }

  private send<T>(
    name: string,
    fate: Fate,
    effect: () => Promise<T>,
    resolve: (answer: T) => void,
    reject: (error: unknown) => void,
  ): void {
    if (fate.is === 'refused') {
      const error = new StoreError(fate.kind, `${name}: simulated`);
      this.answer(`${name}: ${fate.kind}`, this.faults.legMs(), () => reject(error));
    } else if (fate.is === 'lost') {
      if (fate.effect !== 'never') {
        const delayMs = this.faults.legMs() + (fate.effect === 'late' ? answerTimeoutMs + fate.lateMs : 0);
        this.effect(`${name}, not answered`, delayMs, () => void effect().catch(() => {}));
      }
      const error = new StoreError('unknown', `${name}: the answer is lost (simulated)`);
      this.answer(`${name}: unknown`, answerTimeoutMs, () => reject(error));
    } else {
      this.effect(name, this.faults.legMs() + (fate.slowMs ?? 0), () => {
        const backMs = this.faults.legMs();
        effect().then(
          (answer) => this.answer(name, backMs, () => resolve(answer)),
          (error) => this.answer(`${name}: ${error?.kind ?? error}`, backMs, () => reject(error)),
        );
      });
    }
  }

  private effect(name: string, delayMs: number, happen: () => void): void {
    const label = `${this.process.name} has its effect: ${name}`;
    this.scheduler.after(delayMs, label, () => {
      const fate = this.process.isDead ? this.faults.fateOfOrphan() : 'now';
      if (fate === 'now') happen();
      else if (fate !== 'never') this.scheduler.after(fate.lateMs, `${label}, late`, happen);
    });
  }

  private answer(name: string, delayMs: number, hear: () => void): void {
    const label = `${this.process.name} hears of ${name}`;
    this.scheduler.after(delayMs, label, () => this.process.deliver(label, hear));
  }
}

/** One process's view of an engine that all share: the same meaning, but anything may happen on the way. */
export function simulatedStores(
  engine: Stores,
  scheduler: Scheduler,
  faults: Faults,
  process: SimulatedProcess,
): Stores {
  const network = new Network(scheduler, faults, process);
  const metadata = simulatedMetadata(engine.metadata, network);
  const objects = simulatedObjects(engine.objects, network, process);
  return { metadata, objects, staging: stagingByPut(engine.staging.thresholds, metadata, objects, process) };
}

const nameOf = ({ pk, sk }: Key): string => `${pk}/${sk}`;
const changed = (change: Change): string => {
  if ('set' in change) return change.set.join('.');
  if ('add' in change) return change.add.join('.');
  if ('append' in change) return change.append.join('.');
  return 'dropFirst' in change ? `-${change.dropFirst.join('.')}` : `-${change.remove.join('.')}`;
};

/** What an update does, in words that a directed run can look for. */
const updateName = (key: Key, { changes }: Update): string =>
  `update ${nameOf(key)} ${changes.map(changed).join(',')}`;

function simulatedMetadata(engine: MetadataStore, network: Network): MetadataStore {
  return {
    get: (key, options) => network.read(`get ${nameOf(key)}`, () => engine.get(key, options)),
    // As in DynamoDB, a batch of reads is no snapshot: each item is read at its own time.
    getMany: (keys, options) =>
      keys.length > 16
        ? network.read(`getMany ${keys.length}`, () => engine.getMany(keys, options))
        : Promise.all(
            keys.map((key) => network.read(`getMany ${nameOf(key)}`, () => engine.get(key, options))),
          ),
    query: (query) =>
      network.read(`query ${query.pk} ${query.from ?? ''}..${query.through ?? ''}`, () =>
        engine.query(query),
      ),
    put: (key, item, condition) =>
      network.write(`put ${nameOf(key)}`, () => engine.put(key, item, condition)),
    update: async (key, update, { after, ...options }: UpdateOptions = {}) => {
      await untilStaged(after);
      return network.write(updateName(key, update), () => engine.update(key, update, options));
    },
    remove: (key, condition) => network.write(`remove ${nameOf(key)}`, () => engine.remove(key, condition)),
    transact: (actions) => {
      const first = actions[0];
      const on = first === undefined ? '' : nameOf(keyOfAction(first));
      return network.write(`transact ${actions.length} ${on}`, () => engine.transact(actions));
    },
  };
}

function simulatedObjects(engine: ObjectStore, network: Network, process: SimulatedProcess): ObjectStore {
  return {
    put: (key, bytes) => network.write(`put object ${key}`, () => engine.put(key, bytes)),
    getRange: (key, position, length) =>
      network.read(`get object ${key}`, () => engine.getRange(key, position, length)),
    // Keys of one call vanish one by one, in any order.
    delete: async (keys) => {
      await Promise.all(keys.map((key) => network.write(`delete object ${key}`, () => engine.delete([key]))));
    },
    list: (prefix, options = {}) => {
      const limit = happens(process.random, 0.3) ? 1 + Math.floor(process.random.next() * 5) : options.limit;
      const limited = limit === undefined ? options : { ...options, limit };
      return network.read(`list ${prefix}`, () => engine.list(prefix, limited));
    },
  };
}
