import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  UnsupportedRequest,
} from '../../shared/protocol/frame.ts';
import { apiVersions } from '../../shared/protocol/messages/api-versions.ts';
import { apiByKey } from '../../shared/protocol/messages/index.ts';
import { root } from '../tidy/sources.ts';

/** Frames without their size, in base64; test/clients/record-golden.ts writes them. */
type Exchange = { api: string; version: number; request: string; response: string };
type Recording = { client: string; exchanges: Exchange[] };

const folder = join(root, 'test/wire/golden');
const recordings = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Recording,
);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const withoutSize = (parts: readonly Uint8Array[]): string => hex(Buffer.concat(parts).subarray(4));

function apiOf({ api: name }: Exchange) {
  const api = [...apiByKey.values()].find((one) => one.name === name);
  if (api === undefined) throw new Error(`there is no API ${name}`);
  return api;
}

test('there are recordings of eight clients and of the command-line tools', () => {
  expect(recordings.length).toBeGreaterThanOrEqual(9);
  expect(recordings.every(({ exchanges }) => exchanges.length >= 10)).toBe(true);
});

const isSpoken = (exchange: Exchange): boolean => exchange.version <= apiOf(exchange).versions[1];
/** librdkafka leaves three bytes behind when it asks for the metadata of all topics (its issue 5049). */
const leftBehind = ({ api }: Exchange, frame: string, again: string): string =>
  api === 'Metadata' && frame.length === again.length + 6 ? frame.slice(again.length) : '';

describe.each(recordings)('$client', ({ exchanges }) => {
  const numbered = exchanges.map((exchange, at) => ({ ...exchange, at }));

  test('asks in a version that is not spoken here for the versions alone, and is answered in the first', () => {
    for (const exchange of exchanges.filter((one) => !isSpoken(one))) {
      expect(exchange.api).toBe('ApiVersions');
      expect(() => decodeRequest(Buffer.from(exchange.request, 'base64'))).toThrow(UnsupportedRequest);
      const { body } = decodeResponse(apiVersions, 0, Buffer.from(exchange.response, 'base64'));
      expect(body.errorCode).toBe(35); // UNSUPPORTED_VERSION
      expect(body.apiKeys.length).toBeGreaterThan(0);
    }
  });

  test.each(numbered.filter(isSpoken))(
    '$api v$version ($at): what it said is read, and written again byte by byte',
    (exchange) => {
      const frame = Buffer.from(exchange.request, 'base64');
      const { name, body, ...header } = decodeRequest(frame);
      expect({ name, version: header.apiVersion }).toEqual({ name: exchange.api, version: exchange.version });
      const again = withoutSize(encodeRequest(apiOf(exchange), exchange.version, header, body as never));
      expect(again + leftBehind(exchange, hex(frame), again)).toBe(hex(frame));
    },
  );

  test.each(numbered.filter(isSpoken))(
    '$api v$version ($at): its answer is read, and written again byte by byte',
    (exchange) => {
      const frame = Buffer.from(exchange.response, 'base64');
      const api = apiOf(exchange);
      const { correlationId, body } = decodeResponse(api, exchange.version, frame);
      const again = encodeResponse(api, exchange.version, correlationId, body as never);
      expect(withoutSize(again)).toBe(hex(frame));
    },
  );
});
