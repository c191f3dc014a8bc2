import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  type DecodedRequest,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  frameSize,
  requestHeader,
} from '../../shared/protocol/frame.ts';
import { FrameWriter } from '../../shared/protocol/frame-writer.ts';
import { apiVersions } from '../../shared/protocol/messages/api-versions.ts';
import { fetch } from '../../shared/protocol/messages/fetch.ts';
import { heartbeat } from '../../shared/protocol/messages/heartbeat.ts';
import { produce } from '../../shared/protocol/messages/produce.ts';
import { api, int8, string } from '../../shared/protocol/schema.ts';

/** A response with a text of up to 2^31 bytes, to fill memory with. */
const filler = api(
  { key: 999, name: 'Filler', versions: [0, 0], flexibleSince: 0 },
  {},
  { text: string, end: int8 },
);

const hexOf = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('hex');
const frameOf = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts).subarray(4);
const from = { correlationId: 258, clientId: 'me' };

const produceOf = (records: Uint8Array) => ({
  acks: -1,
  timeoutMs: 1000,
  topicData: [{ name: 'orders', partitionData: [{ index: 3, records }] }],
});
const fetchedOf = (records: Uint8Array) => ({
  responses: [
    {
      topic: 'orders',
      partitions: [
        { partitionIndex: 0, errorCode: 0, highWatermark: 9n, abortedTransactions: null, records },
      ],
    },
  ],
});

describe('headers', () => {
  const beat = { groupId: 'g', generationId: 1, memberId: 'm' };

  test('a request has header 1, and header 2 in flexible versions, whose client id stays 16 bits long', () => {
    expect(hexOf(encodeRequest(heartbeat, 3, from, beat))).toBe(
      '00000018' + '000c00030000010200026d65' + '000167' + '00000001' + '00016d' + 'ffff',
    );
    expect(hexOf(encodeRequest(heartbeat, 4, from, beat))).toBe(
      '00000017' + '000c00040000010200026d6500' + '0267' + '00000001' + '026d' + '00' + '00',
    );
  });

  test('a response has header 0, and header 1 in flexible versions', () => {
    expect(hexOf(encodeResponse(heartbeat, 3, 258, { errorCode: 25 }))).toBe(
      '0000000a' + '00000102' + '000000000019',
    );
    expect(hexOf(encodeResponse(heartbeat, 4, 258, { errorCode: 25 }))).toBe(
      '0000000c' + '00000102' + '00' + '000000000019' + '00',
    );
  });

  test('the response to ApiVersions has header 0 in every version', () => {
    const body = { errorCode: 0, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 4 }] };
    for (const version of [0, 1, 2])
      expect(hexOf(encodeResponse(apiVersions, version, 1, body)).slice(8, 20)).toBe('000000010000');
    expect(hexOf(encodeResponse(apiVersions, 3, 1, body))).toBe(
      '00000013' + '00000001' + '0000' + '02' + '001200000004' + '00' + '00000000' + '00',
    );
  });

  test('tagged fields of a header are read over', () => {
    const frame = Buffer.from(
      `000c00040000010200026d65${'01' + '0502aabb'}${'0267' + '00000001' + '026d' + '0000'}`,
      'hex',
    );
    expect(decodeRequest(frame)).toMatchObject({
      correlationId: 258,
      name: 'Heartbeat',
      body: { groupId: 'g' },
    });
  });

  test('a request is told by its name, which types its body', () => {
    const request = decodeRequest(frameOf(encodeRequest(produce, 9, from, produceOf(new Uint8Array(3)))));
    expectTypeOf<
      Extract<DecodedRequest, { name: 'Heartbeat' }>['body']['generationId']
    >().toEqualTypeOf<number>();
    if (request.name !== 'Produce') return expect.fail(request.name);
    expect(request).toMatchObject({ apiKey: 0, apiVersion: 9, correlationId: 258, clientId: 'me' });
    expect(request.body.topicData[0]?.partitionData[0]?.index).toBe(3);
  });

  test('a client that does not name itself has null for a client id', () => {
    const frame = frameOf(encodeRequest(heartbeat, 0, { correlationId: 1, clientId: null }, beat));
    expect(decodeRequest(frame).clientId).toBe(null);
    expect(requestHeader(frame)).toEqual({ apiKey: 12, apiVersion: 0, correlationId: 1, clientId: null });
  });
});

describe('sizes', () => {
  test('the size of a frame is read where it stands', () => {
    expect(frameSize(Buffer.from('aabb00000010', 'hex'), 2, 100)).toBe(16);
  });

  test('a size that no frame may have is refused', () => {
    for (const hex of ['ffffffff', '80000000', '00000000', '00000007', '00000065', '47455420', '16030100'])
      expect(() => frameSize(Buffer.from(hex, 'hex'), 0, 100), hex).toThrow(/a frame of -?\d+ bytes/);
  });
});

describe('records', () => {
  test('a request gives a view of its frame', () => {
    const frame = frameOf(encodeRequest(produce, 9, from, produceOf(Buffer.from('a batch'))));
    const request = decodeRequest(frame);
    if (request.name !== 'Produce') return expect.fail(request.name);
    const records = request.body.topicData[0]?.partitionData[0]?.records;
    expect(records?.buffer).toBe(frame.buffer);
    expect(Buffer.from(records ?? []).toString()).toBe('a batch');
  });

  test('many are a part of their own in a response, few are joined with what stands around them', () => {
    const many = Buffer.alloc(50_000, 7);
    const parts = encodeResponse(fetch, 12, 1, fetchedOf(many));
    expect(parts.length).toBe(3);
    expect(parts[1]).toBe(many);
    expect(Buffer.concat(parts).readInt32BE(0)).toBe(Buffer.concat(parts).length - 4);
    const decoded = decodeResponse(fetch, 12, frameOf(parts)).body;
    expect(decoded.responses[0]?.partitions[0]?.records).toEqual(many);
    expect(encodeResponse(fetch, 12, 1, fetchedOf(many.subarray(0, 100))).length).toBe(1);
  });
});

describe('the memory that frames are written to', () => {
  test('what was written before stays as it is, whatever is written after it', () => {
    const sizes = Array.from({ length: 400 }, (_, i) => (i * 7919) % 3000).concat(
      70_000,
      3,
      200_000,
      5,
      65_536,
      1,
    );
    const written = sizes.map((size, i) => {
      const text = String.fromCharCode(97 + (i % 26)).repeat(size);
      return { text, parts: encodeResponse(filler, 0, i, { text, end: i % 100 }) };
    });
    for (const [i, { text, parts }] of written.entries())
      expect(decodeResponse(filler, 0, frameOf(parts))).toEqual({
        correlationId: i,
        body: { text, end: i % 100 },
      });
  });

  test('a frame that could not be finished leaves no trace', () => {
    const before = encodeResponse(heartbeat, 3, 1, { errorCode: 1 });
    const tooLong = { groupId: 'x'.repeat(40_000), generationId: 1, memberId: 'm' };
    expect(() => encodeRequest(heartbeat, 3, from, tooLong)).toThrow(/32,767/);
    const after = encodeResponse(heartbeat, 3, 3, { errorCode: 3 });
    expect(hexOf(before).slice(8)).toBe('00000001' + '000000000001');
    expect(hexOf(after).slice(8)).toBe('00000003' + '000000000003');
  });

  test('texts of any length and script keep their bytes', () => {
    for (const text of [
      '',
      'orders',
      'é',
      'größer'.repeat(10),
      '🚋',
      'x'.repeat(49),
      `${'x'.repeat(47)}é`,
      '漢'.repeat(300),
    ]) {
      const writer = new FrameWriter();
      writer.text(text, true);
      writer.text(text, false);
      const bytes = frameOf(writer.finish());
      const utf8 = Buffer.from(text);
      expect(bytes.subarray(-utf8.length - 2)).toEqual(
        Buffer.concat([Buffer.from([utf8.length >> 8, utf8.length]), utf8]),
      );
    }
  });

  test('a text too long for 16 bits of length is not written', () => {
    expect(() => new FrameWriter().text('x'.repeat(32_768), false)).toThrow(/32,767/);
  });
});
