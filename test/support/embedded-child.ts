import { systemClock } from '../../shared/base/clock.ts';
import { silentLog } from '../../shared/base/log.ts';
import { systemRandom } from '../../shared/base/random.ts';
import { openEmbeddedStores } from '../../shared/storage/embedded/open-embedded-stores.ts';
import { append, set } from '../../shared/storage/metadata-store.ts';
import { StoreError } from '../../shared/storage/store-error.ts';
import type { Stores } from '../../shared/storage/stores.ts';

/**
 * A process on a data folder, to be killed or starved by a test. It tells what it did, one line each:
 * `node embedded-child.ts <what> <folder> <first number>`.
 */
const [what = '', folder = '', first = '0'] = process.argv.slice(2);

const tell = (line: string): boolean => process.stdout.write(`${line}\n`);

/** What a caller does with one number: an item on its own, a batch staged for a head, an object. */
const keysOf = (caller: number, at: number) => ({
  item: { pk: `item#${caller}`, sk: `n#${at}` },
  head: { pk: `head#${caller}`, sk: 'head' },
  payload: { pk: `payload#${caller}`, sk: `n#${at}` },
  object: `log/${caller}/${at}`,
});

async function writeAll(stores: Stores, caller: number, at: number): Promise<void> {
  const { metadata, objects, staging } = stores;
  const keys = keysOf(caller, at);
  await metadata.put(keys.item, { n: BigInt(at), padding: new Uint8Array(at % 3_000) });
  tell(`item ${caller} ${at}`);
  const after = [
    staging.stage({ in: 'item', key: keys.payload, item: { batch: new Uint8Array(5_000).fill(at) } }),
  ];
  const changes = [append(['tail'], [BigInt(at)])];
  await metadata.update(keys.head, { changes }, { after });
  tell(`head ${caller} ${at}`);
  if (at % 10 !== 0) return;
  await objects.put(keys.object, new Uint8Array(20_000).fill(at));
  tell(`object ${caller} ${at}`);
}

async function writeForEver(stores: Stores): Promise<void> {
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    const { head } = keysOf(caller, 0);
    if ((await stores.metadata.get(head)) === undefined) await stores.metadata.put(head, { tail: [] });
    for (let at = Number(first); ; at++) await writeAll(stores, caller, at);
  });
  await Promise.all(callers);
}

/**
 * Until the disk is full, then further: what is told is the kind of each refusal, and whether reads go on.
 */
async function fill(stores: Stores): Promise<void> {
  const { metadata, objects, staging } = stores;
  const bytes = new Uint8Array(100_000);
  let acknowledged = 0;
  const refused: string[] = [];
  for (let at = 0; refused.length < 3; at++) {
    const key = { pk: 'fill', sk: String(at) };
    const after = [staging.stage({ in: 'item', key, item: { bytes } })];
    const changes = [set(['last'], BigInt(at))];
    try {
      await metadata.update({ pk: 'head', sk: 'head' }, { changes }, { after });
      acknowledged = at + 1;
    } catch (error) {
      refused.push(error instanceof StoreError ? `${error.kind} ${error.message}` : String(error));
    }
  }
  const object = await objects.put('log/large', new Uint8Array(50_000_000)).then(
    () => 'stored',
    (error: unknown) => (error instanceof StoreError ? `${error.kind} ${error.message}` : String(error)),
  );
  const last = await metadata.get({ pk: 'fill', sk: String(acknowledged - 1) });
  const head = await metadata.get({ pk: 'head', sk: 'head' });
  const listed = await objects.list('');
  tell(
    JSON.stringify({
      acknowledged,
      refused,
      object,
      isReadable: last !== undefined,
      last: String(head?.last),
      listed: listed.objects.length,
    }),
  );
}

try {
  const world = { clock: systemClock, random: systemRandom, log: silentLog };
  const stores = await openEmbeddedStores({ folder, ...world });
  tell('open');
  if (what === 'write') await writeForEver(stores);
  if (what === 'fill') await fill(stores);
  if (what === 'hold') await systemClock.sleep(120_000);
  await stores.close();
} catch (error) {
  tell(`failed ${error instanceof StoreError ? error.kind : 'otherwise'} ${(error as Error).message}`);
}
