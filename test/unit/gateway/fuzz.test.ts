import { expect, test, vi } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { integerBelow, seededRandom, systemRandom } from '../../../shared/base/random.ts';
import { kafkaErrors } from '../../../shared/kafka/error-codes.ts';
import { fetch } from '../../../shared/protocol/messages/fetch.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import {
  batchOf,
  fetchBody,
  newTopic,
  openBroker,
  produceBody,
  valuesOf,
} from '../../support/broker-engine.ts';
import type { KafkaSocket } from '../../support/kafka-socket.ts';
import { fuzzedTopic, fuzzFrames } from './fuzz-frames.ts';
import { openGateway, remembering } from './scripted-gateway.ts';

/** By hand: FUZZ_FRAMES=1000000 FUZZ_SEED=… npx vitest run test/unit/gateway/fuzz.test.ts */
const frameCount = Number(process.env.FUZZ_FRAMES ?? 5_000);
const seed = Number(process.env.FUZZ_SEED ?? integerBelow(systemRandom, 2 ** 31));
const connectionCount = 6;
const inTime = { timeout: 30_000, interval: 5 };

test(
  `${frameCount} frames, valid and mutated, hurt nobody (seed ${seed})`,
  async () => {
    const random = seededRandom(seed);
    const { log, lines } = remembering();
    const stores = openMemoryStores({ clock: systemClock, random: seededRandom(seed) });
    const engine = openBroker({ stores, log });
    await engine.topics.create({ name: fuzzedTopic, partitions: 2 });
    const neighbours = await newTopic(engine);
    const gateway = await openGateway(engine.broker);
    const nextFrame = fuzzFrames(seed, random);
    const neighbour = await gateway.connect();
    const clients: KafkaSocket[] = [];
    let answers = 0;
    const recent: string[] = [];
    const isWell = async (round: number): Promise<void> => {
      const batch = batchOf([`round ${round}`]);
      const produced = await neighbour.call(produce, 9, produceBody(neighbours.name, [batch]));
      expect(produced.responses[0]?.partitionResponses[0]?.errorCode).toBe(kafkaErrors.NONE.code);
      const body = fetchBody([{ topic: neighbours, offset: BigInt(round) }]);
      const { responses } = await neighbour.call(fetch, 12, body as never);
      const [partition] = responses[0]?.partitions ?? [];
      expect(valuesOf(partition ?? { records: null })).toEqual([[BigInt(round), `round ${round}`]]);
      const errors = [...lines, ...gateway.lines].filter(({ level }) => level === 'error');
      expect(errors, `seed ${seed}, after ${recent.join('; ')}`).toEqual([]);
    };
    for (let sent = 0; sent < frameCount; sent++) {
      const place = integerBelow(random, connectionCount);
      if (clients[place] === undefined || clients[place].isClosed || random.next() < 0.03) {
        answers += clients[place]?.frames.length ?? 0;
        clients[place]?.destroy(); // in the middle of whatever it was at
        clients[place] = await gateway.connect();
      }
      const { title, bytes } = nextFrame();
      recent.push(title);
      if (recent.length > 100) recent.shift();
      clients[place]?.send(bytes);
      if (sent % 12 === 11) await isWell(Math.floor(sent / 12));
    }
    for (const client of clients) client?.destroy();
    expect(answers).toBeGreaterThan(frameCount / 10); // many got past the first look
    neighbour.destroy();
    await vi.waitFor(() => expect(gateway.listener.connections).toBe(0), inTime);
    await vi.waitFor(() => expect(gateway.listener.heldBytes).toBe(0), inTime);
    await engine.logs.drain();
    await stores.close();
  },
  60_000 + frameCount * 20,
);
