import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BrokerProcess, createTopic, startBroker } from './broker-process.ts';
import { cached } from './client-program.ts';
import { type ChildLines, startLines } from './java-lines.ts';

type Count = { word: string; count: number };

describe('Kafka Streams 4.1.1, a word count', () => {
  let broker: BrokerProcess;
  let folder: string;
  let counter: ChildLines | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-streams-'));
    broker = await startBroker({ data: join(folder, 'data') });
  }, 90_000);
  afterAll(async () => {
    counter?.kill();
    await broker?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** With a state folder of its own: what was counted before is in the changelog alone. */
  const startCounter = (state: string): ChildLines => {
    const jars = cached('clients-streams');
    const java = ['-Xmx256m', '-cp', `${jars}/*:${jars}/classes`, 'WordCount'];
    return startLines('java', [...java, broker.bootstrap, 'lines', 'counts', join(folder, state)]);
  };
  const write = async (...lines: string[]): Promise<void> => {
    const answer = await fetch(`${broker.restUrl}/topics/lines`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.binary.v2+json' },
      body: JSON.stringify({
        records: lines.map((value) => ({ value: Buffer.from(value).toString('base64') })),
      }),
    });
    expect(answer.status).toBe(200);
  };
  const lastCounts = (lines: readonly string[]): Record<string, number> =>
    Object.fromEntries(
      lines.map((line) => JSON.parse(line) as Count).map(({ word, count }) => [word, count]),
    );

  test('counts through topics that it makes itself, and goes on after a restart without its state', async () => {
    await createTopic(broker.restUrl, 'lines', 2);
    await createTopic(broker.restUrl, 'counts', 2);
    counter = startCounter('first');
    await write('hello bye hello', 'bye hello');
    const first = counter;
    await first.until(
      'all is counted',
      () => lastCounts(first.lines).hello === 3 && lastCounts(first.lines).bye === 2,
    );
    await first.end();

    const topics = (await (await fetch(`${broker.restUrl}/topics`)).json()) as string[];
    expect(topics).toEqual(
      expect.arrayContaining(['word-count-counts-changelog', 'word-count-words-repartition']),
    );

    counter = startCounter('second');
    await write('hello again');
    const second = counter;
    await second.until('the new line is counted', () => second.lines.length >= 2);
    expect(lastCounts(second.lines)).toEqual({ hello: 4, again: 1 });
    await second.end();
  });
});
