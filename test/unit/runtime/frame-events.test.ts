import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../shared/base/clock.ts';
import { silentLog } from '../../../shared/base/log.ts';
import { systemRandom } from '../../../shared/base/random.ts';
import { Topics } from '../../../shared/catalog/topics.ts';
import { openPartitionLogs } from '../../../shared/log/partition-logs.ts';
import { metadata } from '../../../shared/protocol/messages/metadata.ts';
import { produce } from '../../../shared/protocol/messages/produce.ts';
import { openFrameServer } from '../../../shared/runtime/aws-frames.ts';
import { failureOf } from '../../../shared/runtime/aws-invoke.ts';
import {
  type FrameEvent,
  isFrameEvent,
  MalformedFrames,
  readFrameAnswers,
  readFrameEvent,
  writeFrameAnswers,
  writeFrameEvent,
} from '../../../shared/runtime/frame-events.ts';
import { openMemoryStores } from '../../../shared/storage/memory/open-memory-stores.ts';
import { codecs, frameOf, produceBody } from '../../support/broker-engine.ts';
import { functionUrlEvent, httpApiEvent, restApiEvent } from '../../support/http-events.ts';

const event: FrameEvent = {
  brokerId: 2,
  brokers: [{ id: 2, host: 'kafka.example', port: 9092, rack: null }],
  waitMsMax: 500,
  calls: [
    {
      frame: Uint8Array.of(0, 0, 255),
      principal: 'User:ANONYMOUS',
      clientHost: '10.0.0.7',
      repeats: [
        { stagingId: Uint8Array.of(1, 2, 3), tries: 2, nextBefore: 9_007_199_254_740_993n },
        { stagingId: Uint8Array.of(4), tries: 0 },
      ],
    },
    {
      frame: Uint8Array.of(7),
      principal: 'User:a',
      clientHost: 'h',
      requestId: '01H',
      again: { memberId: 'm' },
    },
  ],
};
const written = (): Record<string, unknown> => JSON.parse(writeFrameEvent(event));

describe('frames on their way to a function', () => {
  test('arrive as they were sent, and so do its answers', () => {
    expect(readFrameEvent(written())).toEqual(event);
    const again = { again: { afterMs: 200, memberId: 'm-1' } };
    const answers = writeFrameAnswers([
      [Uint8Array.of(1), Uint8Array.of(2)],
      'none',
      again,
      { close: 'x' },
      'later',
      { standing: [Uint8Array.of(3), Uint8Array.of(4)], mayStandMs: 7_500 },
    ]);
    const read = readFrameAnswers(JSON.parse(JSON.stringify(answers)), 6);
    const standing = { standing: [Uint8Array.of(3, 4)], mayStandMs: 7_500 };
    expect(read).toEqual([[Uint8Array.of(1, 2)], 'none', again, { close: 'x' }, 'later', standing]);
  });

  test('come only from whoever may invoke: an event of a door is never taken for them', () => {
    expect(isFrameEvent(written())).toBe(true);
    for (const door of [restApiEvent(), httpApiEvent(), functionUrlEvent()]) {
      expect(isFrameEvent(door)).toBe(false);
      // Whatever a caller could get into the event beside what AWS puts there.
      expect(isFrameEvent({ ...door, ...written() })).toBe(false);
      expect(isFrameEvent({ ...door, body: writeFrameEvent(event) })).toBe(false);
    }
    for (const odd of [undefined, null, 'calls', 7, [], {}]) expect(isFrameEvent(odd)).toBe(false);
  });

  const broken: [what: string, change: Record<string, unknown>][] = [
    ['another format', { format: 2 }],
    ['no brokers', { brokers: undefined }],
    ['a broker without an address', { brokers: [{ id: 1 }] }],
    ['calls that are none', { calls: [7] }],
    ['a frame that is no text', { calls: [{ frame: 7, principal: '', clientHost: '' }] }],
    ['a negative wait', { waitMsMax: -1 }],
    [
      'an offset that is none',
      { calls: [{ frame: '', principal: '', clientHost: '', repeats: [['', 0, '-1']] }] },
    ],
  ];
  test.each(broken)('with %s are refused by name', (_, change) => {
    expect(() => readFrameEvent({ ...written(), ...change })).toThrow(MalformedFrames);
  });

  test('must be answered one by one', () => {
    expect(() => readFrameAnswers(writeFrameAnswers(['none']), 2)).toThrow(/1 for 2 calls/);
  });

  test('of an API that the function does not serve are not served, whatever its rights are', async () => {
    const world = { clock: systemClock, random: systemRandom, log: silentLog };
    const stores = openMemoryStores(world);
    const runtime = {
      ...{ ...world, stores, codecs },
      settings: { tableName: '', bucketName: '', recoveryDays: 7, corsOrigins: [] },
      logs: openPartitionLogs({ ...world, stores, codecs }),
      topics: new Topics({ ...world, stores, settings: { defaultPartitions: 1, cacheMs: 0 } }),
    };
    const caller = { principal: 'User:ANONYMOUS', clientHost: '' };
    const frames = {
      produce: frameOf(produce, 9, produceBody('orders', [])),
      control: frameOf(metadata, 12, { topics: null } as never),
    };
    const isClosed = async (served: 'produce' | 'fetch' | 'control', sent: keyof typeof frames) => {
      const serve = openFrameServer(runtime, served, async () => 'c');
      const text = writeFrameEvent({ ...event, calls: [{ frame: frames[sent], ...caller }] });
      const [answer] = readFrameAnswers(await serve(JSON.parse(text)), 1);
      return typeof answer === 'object' && 'close' in answer;
    };
    expect(await isClosed('produce', 'produce')).toBe(false);
    expect(await isClosed('control', 'control')).toBe(false);
    expect(await isClosed('fetch', 'produce')).toBe(true);
    expect(await isClosed('control', 'produce')).toBe(true);
    expect(await isClosed('produce', 'control')).toBe(true);
  });
});

describe('a failed invocation', () => {
  const failed = (members: object): Error => Object.assign(new Error('failed'), members);
  const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });
  const cases: [what: string, error: Error, kind: string][] = [
    ['throttled', failed({ name: 'TooManyRequestsException', ...status(429) }), 'notRun'],
    ['not reached', failed({ code: 'ECONNREFUSED', syscall: 'connect' }), 'notRun'],
    ['not allowed', failed({ name: 'AccessDeniedException', ...status(403) }), 'refused'],
    ['of no function', failed({ name: 'ResourceNotFoundException', ...status(404) }), 'refused'],
    ['too large', failed({ name: 'RequestTooLargeException', ...status(413) }), 'refused'],
    ['without credentials', failed({ name: 'CredentialsProviderError' }), 'refused'],
    ['cut off', failed({ code: 'ECONNRESET', syscall: 'read' }), 'unknown'],
    ['not answered in time', failed({ name: 'TimeoutError' }), 'unknown'],
    ['failed inside Lambda', failed({ name: 'ServiceException', ...status(500) }), 'unknown'],
  ];
  test.each(cases)('that was %s is taken for what it is', (_, error, kind) => {
    expect(failureOf(error)).toBe(kind);
  });
});
