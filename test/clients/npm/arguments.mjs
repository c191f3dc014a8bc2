// What the programs of Node clients share: their arguments, the records they write, the lines they print.

import { setTimeout as sleep } from 'node:timers/promises';

const [bootstrap, task, ...pairs] = process.argv.slice(2);
const defaults = {
  topic: '',
  prefix: 'r',
  count: '0',
  first: '0',
  keys: '0',
  codec: 'none',
  acks: 'all',
  idempotent: 'false',
  time: '',
  partition: '-1',
  offset: '',
  shape: 'plain',
  pause: '0',
  group: '',
  assignor: 'range',
};
const given = Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s).slice(0, 2)));
export const args = { ...defaults, ...given };
export { bootstrap, task };
export const count = Number(args.count);
export const partition = Number(args.partition);
export const acks = args.acks === 'all' ? -1 : Number(args.acks);

export const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const filling = 'millrace '.repeat(10).trim();

/** The records to write: `headers` as a list of pairs. */
export function records() {
  if (args.shape === 'odd')
    return [
      { key: null, value: 'v', headers: [] },
      { key: 'k', value: null, headers: [] },
      { key: 'k', value: '', headers: [] },
    ];
  const keys = Number(args.keys);
  return Array.from({ length: count }, (_, place) => {
    const index = Number(args.first) + place;
    return {
      key: keys > 0 ? `key-${index % keys}` : null,
      value: `${args.prefix}-${index}-${filling}`,
      headers: [
        ['index', String(index)],
        ['index', 'again'],
      ],
      ...(args.time === '' ? {} : { timeMs: Number(args.time) + place * 1000 }),
    };
  });
}

/** The records in the pieces that go out one after the other: of 100, or of ten with a pause after each. */
export async function* pieces(all) {
  const pauseMs = Number(args.pause);
  const size = pauseMs > 0 ? 10 : 100;
  for (let place = 0; place < all.length; place += size) {
    yield all.slice(place, place + size);
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

/** Resolves at SIGTERM, or when `enough` resolves. */
export function untilStopped(enough) {
  return Promise.race([enough, new Promise((resolve) => process.once('SIGTERM', resolve))]);
}
