// kcat, doing what README.md of the folder above says.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { acks, args, bootstrap, count, partition, pieces, print, records, task } from '../npm/arguments.mjs';

const settings = (values) => Object.entries(values).flatMap(([name, value]) => ['-X', `${name}=${value}`]);

/** Runs kcat; resolves with what it printed. `onLine` sees each line as it comes. */
function kcat(given, input, onLine) {
  const child = spawn('kcat', ['-b', bootstrap, ...given], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => undefined);
  Readable.from(input ?? []).pipe(child.stdin);
  let [output, unread] = ['', ''];
  child.stdout.on('data', (chunk) => {
    output += chunk;
    const lines = (unread + chunk).split('\n');
    unread = lines.pop();
    for (const line of lines) onLine?.(line, child);
  });
  child.stderr.pipe(process.stderr);
  createInterface({ input: child.stderr }).on('line', onAssignment);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) =>
    child.on('close', (code, signal) =>
      code === 0 || signal === 'SIGTERM' || process.exitCode === 0
        ? resolve(output)
        : reject(new Error(`kcat ended with ${code ?? signal}`)),
    ),
  );
}

let assigned = new Set();

/** kcat tells on standard error what its group gives and takes. */
function onAssignment(line) {
  if (!line.includes(' rebalanced')) return;
  const found = [...line.matchAll(/ \[(\d+)\]/g)].map((match) => Number(match[1]));
  if (line.includes('incremental assignment')) assigned = new Set([...assigned, ...found]);
  else if (line.includes('incremental revoke')) for (const one of found) assigned.delete(one);
  else assigned = new Set(line.includes(': assigned:') ? found : []);
  print({ assigned: [...assigned].sort() });
}

async function produce() {
  const all = records();
  const to = ['-P', '-t', args.topic, '-p', String(partition)];
  const how = [
    ...(args.codec === 'none' ? [] : ['-z', args.codec]),
    ...settings({ acks, 'enable.idempotence': args.idempotent, 'linger.ms': 20 }),
  ];
  if (args.shape === 'odd') {
    await kcat([...to, ...how], 'v');
    await kcat([...to, ...how, '-K', ':', '-Z'], 'k:');
    await kcat([...to, ...how, '-K', ':'], 'k:');
    print({ sent: [] });
    return;
  }
  // Headers are one list for all that a run of kcat writes.
  const [{ headers } = { headers: [] }] = all;
  const isPlain = all.length !== 1;
  const line = ({ key, value }) => (key === null ? value : `${key}:${value}`);
  await kcat(
    [
      ...to,
      ...how,
      ...(Number(args.keys) > 0 ? ['-K', ':'] : []),
      ...(isPlain ? [] : headers.flatMap(([name, value]) => ['-H', `${name}=${value}`])),
    ],
    lines(all.map(line)),
  );
  print({ sent: [] });
}

async function* lines(all) {
  for await (const piece of pieces(all)) yield `${piece.join('\n')}\n`;
}

const format = '{"partition":%p,"offset":%o,"keyLength":%K,"length":%S,"time":%T,"headers":"%h"}\t%k\t%s\n';

async function consume() {
  const limits = count > 0 ? ['-c', String(count)] : [];
  const session = {
    'session.timeout.ms': 6000,
    'heartbeat.interval.ms': 1000,
    'auto.offset.reset': 'earliest',
  };
  const group = [
    '-G',
    args.group,
    ...settings({
      ...session,
      'auto.commit.interval.ms': 200,
      'partition.assignment.strategy': args.assignor === 'cooperative' ? 'cooperative-sticky' : 'range',
    }),
  ];
  const alone = ['-C', '-t', args.topic, ...(partition < 0 ? [] : ['-p', String(partition)])];
  const from = ['-o', args.offset === '' ? 'beginning' : args.offset];
  const given = args.group
    ? [...group, ...limits, '-f', format, args.topic]
    : [...alone, ...from, ...limits, '-f', format];
  await kcat(['-u', ...given], '', (line) => print({ record: shown(line) }));
  print({ closed: true });
}

function shown(line) {
  const [head, key, value] = line.split('\t');
  const { partition: place, offset, keyLength, length, time, headers } = JSON.parse(head);
  const pairs = headers === '' ? [] : headers.split(',').map((pair) => pair.split('='));
  return {
    partition: place,
    offset,
    key: keyLength < 0 ? null : key,
    value: length < 0 ? null : value,
    headers: pairs,
    time,
  };
}

async function offsetForTime() {
  const output = await kcat(['-Q', '-t', `${args.topic}:${partition}:${args.time}`]);
  print({ offset: Number(/offset (-?\d+)/.exec(output)?.[1]) });
}

await { produce, consume, 'offset-for-time': offsetForTime }[task]();
