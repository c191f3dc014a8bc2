import { describe, expect, test } from 'vitest';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { rollPartition } from '../../shared/log/roll.ts';
import { initProducerId } from '../../shared/protocol/messages/init-producer-id.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  fetchFrom,
  newTopic,
  produceBody,
  produceTo,
  valuesOf,
} from '../support/broker-engine.ts';

type World = () => { engine: BrokerEngine };
const { NONE, OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, DUPLICATE_SEQUENCE_NUMBER } = kafkaErrors;

/** A producer with an id of its own: `send(sequence)` answers what became of a batch of `count` records. */
async function newProducer({ engine }: ReturnType<World>) {
  const body = { transactionalId: null, transactionTimeoutMs: 60_000 };
  const { producerId, producerEpoch, errorCode } = await call(engine, initProducerId, 4, body);
  expect({ producerEpoch, errorCode }).toEqual({ producerEpoch: 0, errorCode: NONE.code });
  const topic = await newTopic(engine);
  const batch = (baseSequence: number, epoch = 0, count = 1) =>
    batchOf(
      Array.from({ length: count }, (_, n) => `${epoch}:${baseSequence + n}`),
      { producerId, producerEpoch: epoch, baseSequence },
    );
  const send = async (baseSequence: number, epoch = 0, count = 1): Promise<[code: number, base: bigint]> => {
    const answer = await produceTo(engine, topic.name, batch(baseSequence, epoch, count));
    return [answer.errorCode, answer.baseOffset];
  };
  return { engine, topic, producerId, batch, send };
}

const refusedAs = ({ code }: { code: number }) => [code, -1n];

export function idempotenceTests(world: World): void {
  describe('Produce of an idempotent producer (I4, I5)', () => {
    test('a repeat is stored once and answers the first offset', async () => {
      const { engine, topic, send } = await newProducer(world());
      expect(await send(0, 0, 3)).toEqual([NONE.code, 0n]);
      expect(await send(3)).toEqual([NONE.code, 3n]);
      expect(await send(0, 0, 3)).toEqual([NONE.code, 0n]);
      expect(await send(3)).toEqual([NONE.code, 3n]);
      expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(4n);
    });

    test('a gap is refused, and what fits is taken afterwards', async () => {
      const { send } = await newProducer(world());
      await send(0);
      expect(await send(2)).toEqual(refusedAs(OUT_OF_ORDER_SEQUENCE_NUMBER));
      expect(await send(1)).toEqual([NONE.code, 1n]);
      expect(await send(2)).toEqual([NONE.code, 2n]);
    });

    test('an older epoch is fenced, and a new one begins with sequence 0', async () => {
      const { send } = await newProducer(world());
      await send(0, 1);
      expect(await send(1, 0)).toEqual(refusedAs(INVALID_PRODUCER_EPOCH));
      expect(await send(7, 2)).toEqual(refusedAs(OUT_OF_ORDER_SEQUENCE_NUMBER));
      expect(await send(0, 2)).toEqual([NONE.code, 1n]);
      expect(await send(1, 1)).toEqual(refusedAs(INVALID_PRODUCER_EPOCH));
    });

    test('a producer that the partition does not know may begin at any sequence', async () => {
      const { send } = await newProducer(world());
      expect(await send(41)).toEqual([NONE.code, 0n]);
      expect(await send(43)).toEqual(refusedAs(OUT_OF_ORDER_SEQUENCE_NUMBER));
      expect(await send(42)).toEqual([NONE.code, 1n]);
    });

    test('sequences go round from 2^31 - 1 to 0', async () => {
      const { send } = await newProducer(world());
      expect(await send(2 ** 31 - 2, 0, 3)).toEqual([NONE.code, 0n]);
      expect(await send(2 ** 31 - 2, 0, 3)).toEqual([NONE.code, 0n]);
      expect(await send(1)).toEqual([NONE.code, 3n]);
    });

    test('a producer that was moved out of the head is still known', async () => {
      const { engine } = world();
      const { topic, send } = await newProducer(world());
      await send(0, 0, 2);
      for (let other = 0; other < 40; other++) {
        const producer = { producerId: BigInt(1_000_000 + other), producerEpoch: 0, baseSequence: 0 };
        await produceTo(engine, topic.name, batchOf(['other'], producer));
      }
      await engine.logs.drain();
      expect(await send(0, 0, 2)).toEqual([NONE.code, 0n]);
      expect(await send(5)).toEqual(refusedAs(OUT_OF_ORDER_SEQUENCE_NUMBER));
      expect(await send(2)).toEqual([NONE.code, 42n]);
    });

    test('a repeat is found in a segment, and behind the last five it is DUPLICATE_SEQUENCE_NUMBER', async () => {
      const { engine, topic, send } = await newProducer(world());
      for (let sequence = 0; sequence < 20; sequence++) await send(sequence);
      await engine.logs.drain();
      const partition = { topicId: topic.topicId, partition: 0 };
      const rolled = await rollPartition(engine.logs.context, partition, topic.logConfig, { force: true });
      expect(rolled).toBeGreaterThan(0);
      expect(await send(15)).toEqual([NONE.code, 15n]);
      expect(await send(0)).toEqual(refusedAs(DUPLICATE_SEQUENCE_NUMBER));
      expect(await send(20)).toEqual([NONE.code, 20n]);
      expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(21n);
    });

    test('batches that are on their way at the same time are sequenced in the order sent', async () => {
      const { engine, topic, send } = await newProducer(world());
      const answers = await Promise.all(Array.from({ length: 30 }, (_, sequence) => send(sequence)));
      expect(answers).toEqual(Array.from({ length: 30 }, (_, n) => [NONE.code, BigInt(n)]));
      const values = valuesOf(await fetchFrom(engine, topic, 0n)).map(([, value]) => value);
      expect(values).toEqual(Array.from({ length: 30 }, (_, n) => `0:${n}`));
    });

    test('two batches of one request follow each other; behind a refused one the next is refused', async () => {
      const { engine, topic, batch } = await newProducer(world());
      const codesOf = async (...batches: Uint8Array[]) => {
        const { responses } = await call(engine, produce, 9, produceBody(topic.name, batches));
        return responses[0]?.partitionResponses.map(({ errorCode }) => errorCode);
      };
      expect(await codesOf(batch(0), batch(1))).toEqual([NONE.code, NONE.code]);
      const { code } = OUT_OF_ORDER_SEQUENCE_NUMBER;
      expect(await codesOf(batch(5), batch(6))).toEqual([code, code]);
    });
  });
}
