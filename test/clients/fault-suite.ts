import { expect } from 'vitest';
import { coordinatorOf } from './ask-broker.ts';
import { type Plan, planned, type SeenRecord, valuesOf } from './records.ts';
import { Stage } from './stage.ts';
import type { Stand } from './stand.ts';
import { storedBatches } from './stored-batches.ts';

/** Several brokers, and brokers that die. */
export function describeFaults({ client, results, stage }: Stand): void {
  const onThree = async (work: (three: Stage) => Promise<void>): Promise<void> => {
    const three = await Stage.open(client, { brokers: 3 });
    try {
      await work(three);
    } finally {
      await three.close();
    }
  };
  results.test('brokers', 'three brokers: a topic spread over them is written, and read by a group', () =>
    onThree(spread),
  );
  results.test('listener', 'one of three brokers dies: producer and group go on without an error', () =>
    onThree(loseOne),
  );
  results.test('kill', 'the broker is killed three times: nothing is lost, nothing is there twice', () =>
    killBroker(stage()),
  );
}

async function spread(three: Stage): Promise<void> {
  const topic = await three.topic(6);
  const plan = { prefix: 'spread', count: 300, keys: 30 };
  await three.produce(topic, plan);
  expect(valuesOf(await three.consume(topic, 300))).toEqual(valuesOf(planned(plan)));
  const inGroup = await three.consume(topic, 300, { group: `group-${topic}` });
  expect(valuesOf(inGroup)).toEqual(valuesOf(planned(plan)));
}

/** What a client that is told of other leaders may take to work with them. */
const movedMsMax = 20_000;

async function loseOne(three: Stage): Promise<void> {
  const topic = await three.topic(6);
  const group = `group-${topic}`;
  const plan = { prefix: 'moved', count: 400, keys: 30 };
  const member = three.run('consume', { topic, count: 0, group });
  await member.until('it has all six partitions', () => member.assigned.length === 6);
  const producer = three.run('produce', { topic, ...plan, pause: 100 });
  await member.until('it has seen a quarter', () => valuesOf(member.records).length >= 100);

  // It leads two of the partitions, and the group.
  three.broker.stopBroker(await coordinatorOf(three.broker.bootstrap, group));
  await producer.finish(movedMsMax);
  await member.until('it has seen all', () => valuesOf(member.records).length === 400, movedMsMax);
  expectOrderOfKeys(member.records, plan);
  await member.leave();
}

async function killBroker(stage: Stage): Promise<void> {
  const topic = await stage.topic(3);
  const group = `group-${topic}`;
  const plan = { prefix: 'kill', count: 600, keys: 12 };
  const member = stage.run('consume', { topic, count: 0, group });
  await member.until('it has all three partitions', () => member.assigned.length === 3);
  const producer = stage.run('produce', { topic, ...plan, pause: 100, idempotent: true });
  for (const seen of [150, 300, 450]) {
    await member.until(`it has seen ${seen}`, () => valuesOf(member.records).length >= seen);
    await stage.restartBroker('kill');
  }
  const { lines } = await producer.finish();
  await member.until('it has seen all', () => valuesOf(member.records).length === plan.count);
  expectOrderOfKeys(member.records, plan);
  await member.leave();

  const stored = await stage.consume(topic, plan.count);
  expect(await storedCount(stage, topic, 3)).toBe(plan.count);
  expect(stored.map(({ value }) => value).sort()).toEqual(valuesOf(planned(plan)));
  expectOrderOfKeys(stored, plan);
  const acknowledged = lines.find(({ sent }) => sent !== undefined)?.sent ?? [];
  const at = new Map(stored.map(({ partition, offset, value }) => [`${partition}-${offset}`, value]));
  const values = acknowledged.map(([partition, offset]) => at.get(`${partition}-${offset}`));
  if (values.length > 0) expect(values).toEqual(planned(plan).map(({ value }) => value));

  const more = { ...plan, first: plan.count, count: 12 };
  await stage.produce(topic, more);
  const afterCommit = await stage.consume(topic, 12, { group });
  expect(valuesOf(afterCommit)).toEqual(valuesOf(planned(more)));
}

async function storedCount(stage: Stage, topic: string, partitions: number): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < partitions; partition++)
    for (const { recordCount } of await storedBatches(stage.broker.bootstrap, topic, partition))
      count += recordCount;
  return count;
}

/** In the order they were seen; a record may come again, behind what came after it. */
function expectOrderOfKeys(seen: readonly SeenRecord[], plan: Plan): void {
  const all = planned(plan);
  for (const key of new Set(all.map((record) => record.key))) {
    const values = seen.filter((record) => record.key === key).map(({ value }) => value);
    const expected = all.filter((record) => record.key === key).map(({ value }) => value);
    expect([...new Set(values)]).toEqual(expected);
  }
}
