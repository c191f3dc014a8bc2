import { getHeapStatistics } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, MalformedBytes } from '../../shared/base/bytes.ts';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  UnsupportedRequest,
} from '../../shared/protocol/frame.ts';
import { metadata } from '../../shared/protocol/messages/metadata.ts';
import { anyMessage, everyVersion } from './any-message.ts';

const mebibyte = 1024 * 1024;
const from = { correlationId: 7, clientId: 'someone' };

/** Request frames of every version, the same in every run. */
const requests = everyVersion.flatMap(({ api, version, title }) =>
  fc.sample(anyMessage(api.request, version), { seed: 6, numRuns: 2 }).map((body) => ({
    title,
    frame: Buffer.concat(encodeRequest(api, version, from, body)).subarray(4),
  })),
);

/** How decoding ended: with a message, or with an error of this name. */
function outcomeOf(decode: () => unknown): string {
  try {
    decode();
    return 'a message';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const namedOutcomes = ['a message', 'MalformedBytes', 'UnsupportedRequest'];

describe('frames that are not what they say', () => {
  test('a request cut at any byte is refused as malformed', () => {
    for (const { title, frame } of requests)
      for (let length = 0; length < frame.length; length++) {
        const outcome = outcomeOf(() => decodeRequest(frame.subarray(0, length)));
        expect(outcome, `${title}, ${length} of ${frame.length} bytes`).toBe('MalformedBytes');
      }
  });

  test('bytes after the end of a request are left alone, as Kafka leaves them', () => {
    for (const { title, frame } of requests) {
      const longer = Buffer.concat([frame, Buffer.alloc(3, 1)]);
      expect(decodeRequest(longer), title).toEqual(decodeRequest(frame));
    }
  });

  test('librdkafka 2.16 asks for all topics with three bytes too many, and gets them', () => {
    const recorded = Buffer.from('0003000d0000000200017800' + '00000000' + '010000', 'hex');
    expect(decodeRequest(recorded)).toMatchObject({ name: 'Metadata', body: { topics: null } });
  });

  test('a length that lies, at any place, ends in a message or a named error and allocates next to nothing', () => {
    const lies = ['7fffffff', '80000000', '7fff', '8000', 'ffffffff0f', 'ffffffff1f', '00', '7f'];
    for (const { title, frame } of requests)
      for (const lie of lies.map((hex) => Buffer.from(hex, 'hex')))
        for (let place = 8; place < frame.length; place++) {
          const bad = Buffer.from(frame);
          lie.copy(bad, place);
          const before = getHeapStatistics().used_heap_size;
          const outcome = outcomeOf(() => decodeRequest(bad));
          const allocated = getHeapStatistics().used_heap_size - before; // below zero after a collection
          if (!namedOutcomes.includes(outcome) || allocated > mebibyte)
            expect.fail(`${title}, ${lie.toString('hex')} at ${place}: ${outcome}, ${allocated} bytes`);
        }
  });

  test('any bytes in place of a body end in a message or a named error', () => {
    const version = fc.constantFrom(...everyVersion);
    fc.assert(
      fc.property(version, fc.uint8Array({ maxLength: 300 }), ({ api, version }, bytes) => {
        const header = new ByteWriter().int16(api.key).int16(version).int32(1).int16(-1).finish();
        const frame = Buffer.concat([header, bytes]);
        expect(namedOutcomes).toContain(outcomeOf(() => decodeRequest(frame)));
        expect(namedOutcomes).toContain(outcomeOf(() => decodeResponse(api, version, frame)));
      }),
      { numRuns: 3000 },
    );
  });

  test('any bytes at all end in a message or a named error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(namedOutcomes).toContain(outcomeOf(() => decodeRequest(bytes)));
      }),
      { numRuns: 3000 },
    );
  });

  test('the error says which message it was and what was wrong', () => {
    const frame = Buffer.concat(encodeRequest(metadata, 12, from, { topics: [] })).subarray(4, -1);
    expect(() => decodeRequest(frame)).toThrow(/^Metadata v12 request: 1 bytes wanted at \d+, 0 left$/);
  });
});

describe('a frame that is small but means much', () => {
  const header = new ByteWriter().int16(metadata.key).int16(9).int32(1).int16(-1).uvarint(0).finish();

  test('2^31 elements are refused before anything is allocated for them', () => {
    const frame = Buffer.concat([
      header,
      new ByteWriter()
        .uvarint(2 ** 31)
        .raw(new Uint8Array(50))
        .finish(),
    ]);
    expect(() => decodeRequest(frame)).toThrow(/2147483647 elements in 50 bytes/);
  });

  test('more elements than one request may have are refused, though the frame holds them', () => {
    const count = 1_000_000; // two bytes each: an empty name, no tagged fields
    const topics = new ByteWriter().uvarint(count + 1).raw(Buffer.alloc(count * 2, Buffer.from([1, 0])));
    const frame = Buffer.concat([header, topics.raw(new Uint8Array(4)).finish()]);
    const before = process.memoryUsage().heapUsed;
    expect(() => decodeRequest(frame)).toThrow(/1000000 elements where at most 250000 more are taken/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * mebibyte);
    expect(outcomeOf(() => decodeRequest(frame, count))).toBe('a message');
  });

  test('the elements of all arrays count together', () => {
    const { frame } = withPartitions(10, 5);
    expect(outcomeOf(() => decodeRequest(frame, 60))).toBe('a message');
    expect(outcomeOf(() => decodeRequest(frame, 59))).toBe('MalformedBytes');
  });
});

/** A Fetch request of `topics` topics with `each` partitions each. */
function withPartitions(topics: number, each: number): { readonly frame: Buffer } {
  const fetch = everyVersion.find(({ title }) => title === 'Fetch v12');
  if (fetch === undefined) throw new Error('there is a Fetch v12');
  const partitions = Array.from({ length: each }, (_, partition) => ({
    partition,
    fetchOffset: 0n,
    partitionMaxBytes: 1,
  }));
  const body = { maxWaitMs: 0, minBytes: 0, topics: Array(topics).fill({ topic: 'orders', partitions }) };
  return { frame: Buffer.concat(encodeRequest(fetch.api, 12, from, body)).subarray(4) };
}

describe('what cannot be decoded', () => {
  test('an unknown key and an unknown version are told apart from damage, with their header', () => {
    const unknown: [number, number][] = [
      [18, 5],
      [0, 2],
      [17, 0],
      [27, 0],
      [9999, 0],
      [-1, -1],
    ];
    for (const [apiKey, apiVersion] of unknown) {
      const frame = new ByteWriter()
        .int16(apiKey)
        .int16(apiVersion)
        .int32(42)
        .int16(2)
        .raw(Buffer.from('me'));
      let refused: unknown;
      try {
        decodeRequest(frame.raw(new Uint8Array(9)).finish());
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(UnsupportedRequest);
      expect((refused as UnsupportedRequest).header).toEqual({
        apiKey,
        apiVersion,
        correlationId: 42,
        clientId: 'me',
      });
    }
  });

  test('null where a version has none is refused when decoded and when encoded', () => {
    const emptyTopics = new ByteWriter().int16(3).int16(0).int32(1).int16(-1).int32(-1).finish();
    expect(() => decodeRequest(emptyTopics)).toThrow(MalformedBytes);
    expect(() => encodeRequest(metadata, 0, from, { topics: null })).toThrow(/no null/);
    expect(() =>
      encodeResponse(metadata, 1, 1, { brokers: [], topics: [{ errorCode: 0, name: null, partitions: [] }] }),
    ).toThrow(/no null/);
  });
});
