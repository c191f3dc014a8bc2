import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { S3ObjectStore } from '../../../shared/storage/aws/s3-object-store.ts';

/** Time that passes only while somebody sleeps. */
function sleepingClock(): Clock {
  let nowMs = 0;
  return {
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      nowMs += durationMs;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: the inputs of several commands
type Input = any;

function storeOn(answer: (input: Input, call: number) => object) {
  const sent: Input[] = [];
  const send = async (command: { input: Input }): Promise<object> => {
    sent.push(command.input);
    return answer(command.input, sent.length);
  };
  const options = {
    bucketName: 'logs',
    objectPrefix: 'one/',
    clock: sleepingClock(),
    random: seededRandom(1),
  };
  return { store: new S3ObjectStore({ send } as unknown as S3Client, options), sent };
}

const keysOf = (input: Input): string[] => input.Delete.Objects.map(({ Key }: { Key: string }) => Key);

describe('deleting objects', () => {
  test('1,000 keys go in one call, each once', async () => {
    const { store, sent } = storeOn(() => ({}));
    await store.delete([...Array.from({ length: 2_100 }, (_, at) => `k${at}`), 'k0', 'k1']);
    expect(sent.map((input) => keysOf(input).length)).toEqual([1_000, 1_000, 100]);
  });

  test('only what S3 could not delete for the moment is sent again', async () => {
    const { store, sent } = storeOn((_, call) =>
      call === 1
        ? {
            Errors: [
              { Key: 'one/b', Code: 'InternalError' },
              { Key: 'one/c', Code: 'NoSuchKey' },
            ],
          }
        : {},
    );
    await store.delete(['a', 'b', 'c']);
    expect(sent.map(keysOf)).toEqual([['one/a', 'one/b', 'one/c'], ['one/b']]);
  });

  test('what S3 may not delete is unavailable, with key and reason, and not sent again', async () => {
    const errors = [
      { Key: 'one/a', Code: 'InternalError', Message: 'try again' },
      { Key: 'one/b', Code: 'AccessDenied', Message: 'no' },
    ];
    const { store, sent } = storeOn(() => ({ Errors: errors }));
    await expect(store.delete(['a', 'b'])).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/DeleteObjects on bucket logs: .*grant it.*2 objects.*one\/b: no/),
    });
    expect(sent).toHaveLength(1);
  });

  test('what S3 never deletes, and what it keeps refusing for the moment', async () => {
    const stays = (Code: string) => storeOn(() => ({ Errors: [{ Key: 'one/a', Code }] })).store.delete(['a']);
    await expect(stays('InternalError')).rejects.toMatchObject({ kind: 'unknown' });
    await expect(stays('SlowDown')).rejects.toMatchObject({ kind: 'throttled' });
  });
});

describe('ranges', () => {
  const body = (text: string) => ({ transformToByteArray: async () => Buffer.from(text) });

  test('are asked for with both ends inclusive, under the prefix', async () => {
    const { store, sent } = storeOn(() => ({ Body: body('cd'), ContentRange: 'bytes 2-3/6' }));
    expect(Buffer.from((await store.getRange('a', 2, 2)) ?? []).toString()).toBe('cd');
    expect(sent[0]).toEqual({ Bucket: 'logs', Key: 'one/a', Range: 'bytes=2-3' });
  });

  test('are cut out where a stand-in for S3 answers the whole object', async () => {
    const { store } = storeOn(() => ({ Body: body('abcdef') }));
    expect(Buffer.from((await store.getRange('a', 2, 2)) ?? []).toString()).toBe('cd');
  });

  test.each([
    ['NoSuchKey', undefined],
    ['InvalidRange', new Uint8Array()],
  ])('%s is an answer', async (name, answer) => {
    const { store } = storeOn(() => {
      throw Object.assign(new Error('x'), { name, $metadata: { httpStatusCode: 404 } });
    });
    expect(await store.getRange('a', 2, 2)).toEqual(answer);
  });

  test('a bucket that is not there is no absent object', async () => {
    const { store } = storeOn(() => {
      throw Object.assign(new Error('x'), { name: 'NoSuchBucket', $metadata: { httpStatusCode: 404 } });
    });
    await expect(store.getRange('a', 2, 2)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('lists', () => {
  test('hide the prefix, and go on behind the last key', async () => {
    const Contents = [{ Key: 'one/log/a', Size: 3 }, { Key: 'one/log/b' }];
    const { store, sent } = storeOn(() => ({ Contents, IsTruncated: true }));
    expect(await store.list('log/', { startAfter: 'log/0', limit: 2 })).toEqual({
      objects: [
        { key: 'log/a', sizeBytes: 3 },
        { key: 'log/b', sizeBytes: 0 },
      ],
      next: 'log/b',
    });
    expect(sent[0]).toEqual({ Bucket: 'logs', Prefix: 'one/log/', MaxKeys: 2, StartAfter: 'one/log/0' });
  });
});
