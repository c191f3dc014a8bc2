import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../../shared/base/bytes.ts';
import {
  assignment,
  encodeAssignment,
  encodeSubscription,
  subscription,
} from '../../../shared/protocol/consumer-protocol.ts';
import { encodeRequest, encodeResponse } from '../../../shared/protocol/frame.ts';
import { anyMessage, everyVersion } from '../any-message.ts';
import { cacheFolder } from './cache.ts';

type Sent = {
  readonly title: string;
  readonly kind: 'request' | 'response' | 'subscription' | 'assignment';
  readonly key: number;
  readonly version: number;
  readonly bytes: Uint8Array;
};

const kinds = ['request', 'response', 'subscription', 'assignment'];

/** What Kafka's own classes write after they have read the bytes; or what they say against them. */
function echoed(all: readonly Sent[]): (Uint8Array | string)[] {
  const input = new ByteWriter();
  for (const { kind, key, version, bytes } of all)
    input.int8(kinds.indexOf(kind)).int16(key).int16(version).int32(bytes.length).raw(bytes);
  const source = join(dirname(fileURLToPath(import.meta.url)), 'Echo.java');
  const { stdout, stderr, status, error } = spawnSync('java', ['-cp', join(cacheFolder, '*'), source], {
    input: input.finish(),
    maxBuffer: 256 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`java ended with ${status}: ${error?.message ?? stderr}`);
  const reader = new ByteReader(stdout);
  return all.map(() => {
    const length = reader.int32();
    return length < 0 ? reader.text(-length) : reader.raw(length);
  });
}

/** Both sides of every API in every version, some messages of each. */
function frames(seed: number): Sent[] {
  const numRuns = 12;
  const unsized = (parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts).subarray(4);
  const from = { correlationId: seed, clientId: 'größer' };
  return everyVersion.flatMap(({ api, version, title }) => {
    const requests = fc.sample(anyMessage(api.request, version), { seed, numRuns });
    const responses = fc.sample(anyMessage(api.response, version), { seed, numRuns });
    const of = { key: api.key, version };
    return [
      ...requests.map((body) => unsized(encodeRequest(api, version, from, body))),
      ...responses.map((body) => unsized(encodeResponse(api, version, seed, body))),
    ].map((bytes, i) => {
      const kind = i < numRuns ? ('request' as const) : ('response' as const);
      return { ...of, title: `${title} ${kind}`, kind, bytes };
    });
  });
}

function consumerProtocol(seed: number): Sent[] {
  return [0, 1, 2, 3].flatMap((version) => {
    const [wanted] = fc.sample(anyMessage(subscription, version), { seed, numRuns: 1 });
    const [given] = fc.sample(anyMessage(assignment, version), { seed, numRuns: 1 });
    const common = { key: 0, version };
    const title = `consumer protocol v${version}`;
    return [
      {
        ...common,
        title,
        kind: 'subscription',
        bytes: encodeSubscription(version, wanted as never).subarray(2),
      },
      { ...common, title, kind: 'assignment', bytes: encodeAssignment(version, given as never).subarray(2) },
    ] as const;
  });
}

describe("what we write, Kafka's own classes read and write again", () => {
  const seed = fc.sample(fc.integer(), 1)[0] ?? 0;

  test(`byte for byte (seed ${seed})`, () => {
    const all = [...frames(seed), ...consumerProtocol(seed)];
    const hex = (bytes: Uint8Array | string): string =>
      typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('hex');
    const back = echoed(all).map(hex);
    const different = all.flatMap(({ title, bytes }, i) =>
      back[i] === hex(bytes) ? [] : [`${title}: ${hex(bytes)} came back as ${back[i]}`],
    );
    expect(different.slice(0, 5)).toEqual([]);
    expect(back.length).toBeGreaterThan(4000);
  });
});
