import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from '../../shared/protocol/frame.ts';
import { anyMessage, completed, everyVersion } from './any-message.ts';

/** A frame as the other side receives it: joined, and without the size, which must be right. */
function received(parts: readonly Uint8Array[]): Buffer {
  const frame = Buffer.concat(parts);
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  return frame.subarray(4);
}

const numRuns = 15; // for each of about 450 messages; a failure prints its seed

describe('what is encoded is what is decoded', () => {
  test.each(everyVersion)('$title request', ({ api, version }) => {
    const header = fc.record({
      correlationId: fc.integer(),
      clientId: fc.option(fc.string({ unit: 'binary', maxLength: 20 })),
    });
    fc.assert(
      fc.property(header, anyMessage(api.request, version), (header, body) => {
        const frame = received(encodeRequest(api, version, header, body));
        expect(decodeRequest(frame)).toEqual({
          ...header,
          apiKey: api.key,
          apiVersion: version,
          name: api.name,
          body: completed(api.request.fields, body),
        });
      }),
      { numRuns },
    );
  });

  test.each(everyVersion)('$title response', ({ api, version }) => {
    fc.assert(
      fc.property(fc.integer(), anyMessage(api.response, version), (correlationId, body) => {
        const frame = received(encodeResponse(api, version, correlationId, body));
        expect(decodeResponse(api, version, frame)).toEqual({
          correlationId,
          body: completed(api.response.fields, body),
        });
      }),
      { numRuns },
    );
  });
});
