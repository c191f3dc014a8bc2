import { describe, expect, test } from 'vitest';
import { systemClock } from '../../shared/base/clock.ts';
import { kafkaErrors } from '../../shared/kafka/error-codes.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import { compressionTypes } from '../../shared/records/compression.ts';
import { at, decodeRecords, stampCrc } from '../../shared/records/record-batch.ts';
import {
  type BrokerEngine,
  batchOf,
  call,
  codecs,
  decodedAnswer,
  fetchFrom,
  frameOf,
  newTopic,
  openBroker,
  produceBody,
  produceTo,
  serve,
  valuesOf,
} from '../support/broker-engine.ts';
import type { OpenStores } from './engine.ts';

type World = () => { stores: OpenStores; engine: BrokerEngine };
const versionsFrom = (from: number): number[] => Array.from({ length: 12 - from }, (_, n) => from + n);
const { code: none } = kafkaErrors.NONE;

export function produceTests(world: World): void {
  describe('Produce', () => {
    answerTests(world);
    acksTests(world);
    neighbourTests(world);
    validationTests(world);
    storedBytesTests(world);
  });
}

function answerTests(world: World): void {
  test.each(versionsFrom(3))('v%i stores batches and answers their offsets', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const first = await produceTo(engine, topic.name, batchOf(['a', 'b']), { version });
    const second = await produceTo(engine, topic.name, batchOf(['c']), { version });
    expect(first).toMatchObject({ index: 0, errorCode: none, baseOffset: 0n, logAppendTimeMs: -1n });
    expect(second).toMatchObject({ errorCode: none, baseOffset: 2n });
    expect(second.logStartOffset).toBe(version >= 5 ? 0n : -1n);
    expect(valuesOf(await fetchFrom(engine, topic, 0n))).toEqual([
      [0n, 'a'],
      [1n, 'b'],
      [2n, 'c'],
    ]);
  });

  test('a request of several topics and partitions is answered in its own order', async () => {
    const { engine } = world();
    const [one, two] = [await newTopic(engine, { partitions: 3 }), await newTopic(engine)];
    const partition = (index: number, value: string) => ({ index, records: batchOf([value]) });
    const { responses } = await call(engine, produce, 9, {
      ...produceBody(one.name, []),
      topicData: [
        { name: two.name, partitionData: [partition(0, 'x')] },
        { name: one.name, partitionData: [partition(2, 'c'), partition(0, 'a')] },
      ],
    });
    expect(
      responses.map(({ name, partitionResponses }) => [name, partitionResponses.map((p) => p.index)]),
    ).toEqual([
      [two.name, [0]],
      [one.name, [2, 0]],
    ]);
    expect(valuesOf(await fetchFrom(engine, one, 0n, { partition: 2 }))).toEqual([[0n, 'c']]);
  });

  test('a partition that is named twice gets both batches, in order', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const body = produceBody(topic.name, [batchOf(['a']), batchOf(['b'])]);
    const { responses } = await call(engine, produce, 9, body);
    expect(responses[0]?.partitionResponses.map(({ baseOffset }) => baseOffset)).toEqual([0n, 1n]);
  });

  test('the topic that was deleted and made anew by another process is found after one error', async () => {
    const { stores, engine } = world();
    const topic = await newTopic(engine);
    await produceTo(engine, topic.name, batchOf(['old']));
    const other = openBroker({ stores });
    await other.topics.delete(topic.name);
    await other.topics.create({ name: topic.name });
    const refused = await produceTo(engine, topic.name, batchOf(['new']));
    expect(refused.errorCode).toBe(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code);
    expect(await produceTo(engine, topic.name, batchOf(['new']))).toMatchObject({
      errorCode: none,
      baseOffset: 0n,
    });
  });
}

function acksTests(world: World): void {
  test.each([1, -1])('acks=%i is answered when the batch is stored', async (acks) => {
    const { engine } = world();
    const topic = await newTopic(engine, { configs: { 'min.insync.replicas': '2' } });
    const { errorCode } = await produceTo(engine, topic.name, batchOf(['a']), { acks });
    expect(errorCode).toBe(none);
    expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(1n);
  });

  test('acks=0 is stored and not answered', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const frame = frameOf(produce, 9, produceBody(topic.name, [batchOf(['a'])], { acks: 0 }));
    expect(await serve(engine, frame)).toBe('none');
    expect(valuesOf(await fetchFrom(engine, topic, 0n))).toEqual([[0n, 'a']]);
  });

  test.each([
    ['to a topic that is unknown', 'missing', batchOf(['a'])],
    ['of a damaged batch', undefined, changed((view) => view.setUint32(at.crc, 1), false)],
  ])('acks=0 %s ends the connection', async (_what, name, batch) => {
    const { engine } = world();
    const topic = name ?? (await newTopic(engine)).name;
    const frame = frameOf(produce, 9, produceBody(topic, [batch], { acks: 0 }));
    expect(await serve(engine, frame)).toEqual({ close: expect.stringContaining('Produce') });
  });

  test.each([2, -2, 127])('acks=%i is refused, behind what is unknown', async (acks) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const known = await produceTo(engine, topic.name, batchOf(['a']), { acks });
    expect(known).toMatchObject({ errorCode: kafkaErrors.INVALID_REQUIRED_ACKS.code, baseOffset: -1n });
    const unknown = await produceTo(engine, 'missing', batchOf(['a']), { acks });
    expect(unknown.errorCode).toBe(kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code);
    expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(0n);
  });
}

function neighbourTests(world: World): void {
  test('what is unknown or wrong does not fail its neighbours (I14)', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { partitions: 2 });
    const good = (index: number) => ({ index, records: batchOf([`to ${index}`]) });
    const { responses } = await call(engine, produce, 9, {
      ...produceBody(topic.name, []),
      topicData: [
        { name: 'missing', partitionData: [good(0)] },
        { name: 'not a name', partitionData: [good(0)] },
        {
          name: topic.name,
          partitionData: [good(-1), good(2), { index: 1, records: null }, good(0), good(1)],
        },
      ],
    });
    const unknown = kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION.code;
    expect(responses.map(({ partitionResponses }) => partitionResponses.map((p) => p.errorCode))).toEqual([
      [unknown],
      [unknown],
      [unknown, unknown, kafkaErrors.INVALID_RECORD.code, none, none],
    ]);
  });

  test('a transactional batch without a transactional id refuses the whole request, as in Kafka', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const producer = { producerId: 5n, producerEpoch: 0, baseSequence: 0 };
    const batches = [batchOf(['a']), batchOf(['b'], { ...producer, isTransactional: true })];
    const { responses } = await call(engine, produce, 9, produceBody(topic.name, batches));
    const { code } = kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(responses[0]?.partitionResponses.map((p) => p.errorCode)).toEqual([code, code]);
    expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(0n);
  });

  test('a transactional id is refused while there are no transactions', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const answer = await produceTo(engine, topic.name, batchOf(['a']), { transactionalId: 'tx' });
    expect(answer.errorCode).toBe(kafkaErrors.INVALID_TXN_STATE.code);
  });
}

/** A batch of three records with other bytes in its header; `isStamped`: the CRC fits them. */
function changed(change: (view: DataView) => void, isStamped = true): Uint8Array {
  const batch = batchOf(['a', 'b', 'c'], { producerId: 5n, producerEpoch: 0, baseSequence: 0 });
  change(new DataView(batch.buffer, batch.byteOffset));
  if (isStamped) stampCrc(batch, codecs);
  return batch;
}

/** In the order in which Kafka looks. */
const refusals: readonly [what: string, batch: () => Uint8Array | null, error: keyof typeof kafkaErrors][] = [
  ['no records', () => null, 'INVALID_RECORD'],
  ['no bytes', () => new Uint8Array(), 'INVALID_RECORD'],
  ['a batch cut short', () => batchOf(['abc']).subarray(0, 60), 'INVALID_RECORD'],
  ['a length of 3', () => changed((view) => view.setInt32(at.length, 3), false), 'CORRUPT_MESSAGE'],
  ['magic 1', () => changed((view) => view.setInt8(at.magic, 1), false), 'INVALID_RECORD'],
  ['magic 3', () => changed((view) => view.setInt8(at.magic, 3), false), 'CORRUPT_MESSAGE'],
  ['two batches', () => Buffer.concat([batchOf(['a']), batchOf(['b'])]), 'INVALID_RECORD'],
  ['a base offset of 1', () => changed((view) => view.setBigInt64(at.baseOffset, 1n)), 'INVALID_RECORD'],
  ['a wrong CRC', () => changed((view) => view.setUint32(at.crc, 1), false), 'CORRUPT_MESSAGE'],
  ['a count that lies', () => changed((view) => view.setInt32(at.recordCount, 4)), 'INVALID_RECORD'],
  ['a last delta that lies', () => changed((view) => view.setInt32(at.lastOffsetDelta, 9)), 'INVALID_RECORD'],
  ['a control batch', () => changed((view) => view.setInt16(at.attributes, 0x20)), 'INVALID_RECORD'],
  ['a sequence below 0', () => changed((view) => view.setInt32(at.baseSequence, -1)), 'INVALID_RECORD'],
  ['compression 6', () => changed((view) => view.setInt16(at.attributes, 6)), 'UNSUPPORTED_COMPRESSION_TYPE'],
  ['gzip that is none', () => changed((view) => view.setInt16(at.attributes, 1)), 'INVALID_RECORD'],
  ['a time far ahead', () => batchOf(['a'], { timestamp: 9_000_000_000_000n }), 'INVALID_TIMESTAMP'],
];

function validationTests(world: World): void {
  test.each(refusals)('%s is refused by name and changes nothing', async (_what, batch, error) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const answer = await produceTo(engine, topic.name, batch());
    expect(answer).toMatchObject({ errorCode: kafkaErrors[error].code, baseOffset: -1n });
    expect(answer.errorMessage).toBeTruthy();
    expect((await fetchFrom(engine, topic, 0n)).highWatermark).toBe(0n);
  });

  test('a batch larger than max.message.bytes is MESSAGE_TOO_LARGE, one as large is taken', async () => {
    const { engine } = world();
    const batch = batchOf(['x'.repeat(2_000)]);
    const tight = await newTopic(engine, { configs: { 'max.message.bytes': String(batch.length) } });
    expect((await produceTo(engine, tight.name, batch.slice())).errorCode).toBe(none);
    const tighter = await newTopic(engine, { configs: { 'max.message.bytes': String(batch.length - 1) } });
    const { errorCode } = await produceTo(engine, tighter.name, batch);
    expect(errorCode).toBe(kafkaErrors.MESSAGE_TOO_LARGE.code);
  });

  test.each(versionsFrom(3))('v%i names the records at fault from 8 on', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine, { configs: { 'cleanup.policy': 'compact' } });
    const now = BigInt(systemClock.nowMs());
    const record = (key: string | null) => ({
      timestamp: now,
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from('v'),
      headers: [],
    });
    const records = [record('k'), record(null), record('k'), record(null)];
    const answer = await produceTo(engine, topic.name, batchOf([], { records }), { version });
    expect(answer.errorCode).toBe(kafkaErrors.INVALID_RECORD.code);
    const expected = version >= 8 ? [1, 3] : [];
    expect(answer.recordErrors.map(({ batchIndex }) => batchIndex)).toEqual(expected);
    for (const { batchIndexErrorMessage } of answer.recordErrors)
      expect(batchIndexErrorMessage).toContain('key');
    expect(answer.errorMessage === null).toBe(version < 8);
  });
}

function storedBytesTests(world: World): void {
  test.each(compressionTypes)('a batch in %s comes back as it was sent', async (compression) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const batch = batchOf(['aaaaaaaa'.repeat(50), 'b'], { compression });
    const expected = batch.slice();
    await produceTo(engine, topic.name, batchOf(['before']));
    expect((await produceTo(engine, topic.name, batch)).baseOffset).toBe(1n);
    const { records } = await fetchFrom(engine, topic, 1n);
    const view = new DataView(expected.buffer);
    view.setBigInt64(at.baseOffset, 1n);
    view.setInt32(at.partitionLeaderEpoch, 0);
    expect(Buffer.from(records ?? []).toString('hex')).toBe(Buffer.from(expected).toString('hex'));
  });

  test.each([3, 6, 7, 11])('v%i carries zstd from 7 on only', async (version) => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const batch = batchOf(['a'], { compression: 'zstd' });
    const { errorCode } = await produceTo(engine, topic.name, batch, { version });
    expect(errorCode).toBe(version >= 7 ? none : kafkaErrors.UNSUPPORTED_COMPRESSION_TYPE.code);
  });

  test('a LogAppendTime topic stamps its own time and answers it', async () => {
    const { engine } = world();
    const topic = await newTopic(engine, { configs: { 'message.timestamp.type': 'LogAppendTime' } });
    const before = BigInt(systemClock.nowMs());
    const { logAppendTimeMs } = await produceTo(engine, topic.name, batchOf(['a', 'b'], { timestamp: 5n }));
    expect(logAppendTimeMs).toBeGreaterThanOrEqual(before);
    const { records } = await fetchFrom(engine, topic, 0n);
    const stamped = decodeRecords(records ?? new Uint8Array(), codecs).map(({ timestamp }) => timestamp);
    expect(stamped).toEqual([logAppendTimeMs, logAppendTimeMs]);
  });

  test('the next request is admitted before the answer, and in the order of the appends', async () => {
    const { engine } = world();
    const topic = await newTopic(engine);
    const admissions: boolean[] = [];
    const answers = [];
    for (let n = 0; n < 20; n++) {
      const frame = frameOf(produce, 9, produceBody(topic.name, [batchOf([`${n}`])]));
      const { admitted, answer } = engine.broker.serve(
        frame,
        { principal: 'User:ANONYMOUS', clientHost: '', brokerId: 1 },
        new AbortController().signal,
      );
      admissions.push(await admitted);
      answers.push(answer);
    }
    const bodies = (await Promise.all(answers)).map((answer) => decodedAnswer(produce, 9, answer));
    expect(admissions).toEqual(Array(20).fill(true));
    expect(bodies.map(({ responses }) => responses[0]?.partitionResponses[0]?.baseOffset)).toEqual(
      Array.from({ length: 20 }, (_, n) => BigInt(n)),
    );
  });
}
