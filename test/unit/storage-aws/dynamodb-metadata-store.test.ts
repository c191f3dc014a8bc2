import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../shared/base/clock.ts';
import { seededRandom } from '../../../shared/base/random.ts';
import { DynamoDbMetadataStore } from '../../../shared/storage/aws/dynamodb-metadata-store.ts';
import { absent, all, any, append, dropFirst, exists, set } from '../../../shared/storage/metadata-store.ts';

const key = { pk: 'p', sk: 's' };

/** Time that passes only while somebody sleeps. */
function sleepingClock(): Clock {
  let nowMs = 1_700_000_000_000;
  return {
    nowMs: () => nowMs,
    sleep: async (durationMs) => {
      nowMs += durationMs;
    },
  };
}

type Sent = { name: string; input: Record<string, unknown> };

/** A store on a client that answers, or throws, one after the other; the last one for ever. */
function storeOn(...answers: unknown[]): { store: DynamoDbMetadataStore; sent: Sent[] } {
  const sent: Sent[] = [];
  const send = async (command: object): Promise<unknown> => {
    sent.push({ name: command.constructor.name, input: (command as { input: Sent['input'] }).input });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(sent.at(-1)?.input) : answer;
  };
  const client = { send } as unknown as DynamoDBClient;
  const options = { tableName: 'millrace', clock: sleepingClock(), random: seededRandom(1) };
  return { store: new DynamoDbMetadataStore(client, options), sent };
}

const failure = (name: string, httpStatusCode: number, more: object = {}): Error =>
  Object.assign(new Error('said so'), { name, $metadata: { httpStatusCode }, ...more });
const throttled = failure('ThrottlingException', 400);
const lost = failure('TimeoutError', 0);

describe('how often a call is sent', () => {
  test('a write whose answer is lost is sent once and is unknown', async () => {
    const { store, sent } = storeOn(lost, {});
    await expect(store.put(key, {})).rejects.toMatchObject({ kind: 'unknown' });
    await expect(store.remove(key)).resolves.toBeUndefined();
    expect(sent.map(({ name }) => name)).toEqual(['PutItemCommand', 'DeleteItemCommand']);
  });

  test('a throttled write is sent again, and succeeds', async () => {
    const { store, sent } = storeOn(throttled, throttled, { Attributes: { n: { N: '7' } } });
    expect(await store.update(key, { changes: [set(['n'], 7n)] })).toEqual({ n: 7n });
    expect(sent).toHaveLength(3);
  });

  test('a write that was throttled, then lost, is not sent again', async () => {
    const { store, sent } = storeOn(throttled, lost, {});
    await expect(store.update(key, { changes: [set(['n'], 7n)] })).rejects.toMatchObject({ kind: 'unknown' });
    expect(sent).toHaveLength(2);
  });

  test('a write that stays throttled is given up as throttled', async () => {
    const { store } = storeOn(throttled);
    await expect(store.put(key, {})).rejects.toMatchObject({ kind: 'throttled' });
  });

  test('a write with a false condition is sent once', async () => {
    const { store, sent } = storeOn(failure('ConditionalCheckFailedException', 400));
    await expect(store.put(key, {}, exists(['a']))).rejects.toMatchObject({ kind: 'conditionFailed' });
    expect(sent).toHaveLength(1);
  });

  test('a read is sent again after a lost answer; when that stays, it is unavailable', async () => {
    const { store } = storeOn(lost, failure('InternalServerError', 500), { Item: { n: { N: '1' } } });
    expect(await store.get(key)).toEqual({ n: 1n });
    await expect(storeOn(lost).store.get(key)).rejects.toMatchObject({ kind: 'unavailable' });
  });

  test('a read without rights is sent once', async () => {
    const { store, sent } = storeOn(failure('AccessDeniedException', 400));
    await expect(store.get(key)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(sent).toHaveLength(1);
  });

  test('a transaction is sent again after a lost answer, with the same token', async () => {
    const { store, sent } = storeOn(lost, {});
    await store.transact([{ remove: key }]);
    const tokens = sent.map(({ input }) => input.ClientRequestToken);
    expect(tokens).toEqual([expect.stringMatching(/^.{26}$/), tokens[0]]);
  });

  test('a transaction that was lost, then refused, is unknown: the lost one may still arrive', async () => {
    const refused = failure('TransactionCanceledException', 400, {
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }],
    });
    const { store } = storeOn(lost, refused);
    await expect(store.transact([{ remove: key, condition: exists(['a']) }])).rejects.toMatchObject({
      kind: 'unknown',
    });
  });
});

describe('what is sent', () => {
  test('an update carries its condition and asks for the whole item, as it is or was', async () => {
    const { store, sent } = storeOn({});
    const update = { changes: [append(['tail'], ['x'])], condition: exists(['next']) };
    await store.update(key, update);
    expect(await store.update(key, update, { returns: 'old' })).toEqual({});
    expect(sent[0]?.input).toEqual({
      TableName: 'millrace',
      Key: { pk: { S: 'p' }, sk: { S: 's' } },
      UpdateExpression: 'SET #n0 = list_append(#n0, :v0)',
      ConditionExpression: 'attribute_exists(#n1)',
      ExpressionAttributeNames: { '#n0': 'tail', '#n1': 'next' },
      ExpressionAttributeValues: { ':v0': { L: [{ S: 'x' }] } },
      ReturnValues: 'ALL_NEW',
    });
    expect(sent[1]?.input.ReturnValues).toBe('ALL_OLD');
  });

  test('a put without condition carries no empty expression', async () => {
    const { store, sent } = storeOn({});
    await store.put(key, { a: 'x' }, all());
    expect(sent[0]?.input).toEqual({
      TableName: 'millrace',
      Item: { pk: { S: 'p' }, sk: { S: 's' }, a: { S: 'x' } },
    });
  });

  test('a condition that no item fulfils is refused without a call', async () => {
    const { store, sent } = storeOn({});
    await expect(store.put(key, {}, any())).rejects.toMatchObject({ kind: 'conditionFailed' });
    await expect(
      store.transact([{ remove: { pk: 'p', sk: 'other' } }, { check: key, condition: any() }]),
    ).rejects.toMatchObject({ kind: 'conditionFailed', failedActions: [1] });
    expect(sent).toEqual([]);
  });

  test('checks of what is always true are not sent; failed actions keep their positions', async () => {
    const refused = failure('TransactionCanceledException', 400, {
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    });
    const { store, sent } = storeOn(refused);
    const actions = [
      { check: { pk: 'p', sk: '0' }, condition: all() },
      { put: { pk: 'p', sk: '1' }, item: {} },
      { remove: { pk: 'p', sk: '2' }, condition: absent(['a']) },
    ];
    await expect(store.transact(actions)).rejects.toMatchObject({
      kind: 'conditionFailed',
      failedActions: [2],
    });
    expect(sent[0]?.input.TransactItems).toHaveLength(2);
  });

  test('an update waits for what it comes after, and is not sent without it', async () => {
    const { store, sent } = storeOn({});
    const what = { in: 'item', key, item: {} } as const;
    const failed = Promise.reject(new Error('disk full'));
    const update = store.update(key, { changes: [] }, { after: [{ what, done: failed }] });
    await expect(update).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('disk full'),
    });
    expect(sent).toEqual([]);
  });

  test('a list too short to drop from is refused as such, and as a false condition beside one of the caller', async () => {
    const { store } = storeOn(failure('ConditionalCheckFailedException', 400));
    const changes = [dropFirst(['tail'], 2)];
    await expect(store.update(key, { changes })).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.update(key, { changes, condition: exists(['tail']) })).rejects.toMatchObject({
      kind: 'conditionFailed',
    });
  });

  test('an item above 400 KB is refused with its size', async () => {
    const { store, sent } = storeOn({});
    const put = store.put(key, { batch: new Uint8Array(409_600) });
    await expect(put).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('409611 bytes'),
    });
    expect(sent).toEqual([]);
  });
});

describe('many keys', () => {
  type Request = { RequestItems: { millrace: { Keys: { sk: { S: string } }[]; ConsistentRead: boolean } } };
  const keysOf = (input: unknown): string[] =>
    (input as Request).RequestItems.millrace.Keys.map(({ sk }) => sk.S);
  const itemOf = (sk: string): object => ({ pk: { S: 'p' }, sk: { S: sk }, name: { S: sk } });

  test('are asked for once each, at most 100 a call, and answered in the order of the question', async () => {
    const { store, sent } = storeOn((input: unknown) => ({
      Responses: {
        millrace: keysOf(input)
          .filter((sk) => sk !== 'k7')
          .reverse()
          .map(itemOf),
      },
    }));
    const names = Array.from({ length: 250 }, (_, index) => `k${index % 240}`);
    const items = await store.getMany(names.map((sk) => ({ pk: 'p', sk })));
    expect(items).toEqual(names.map((name) => (name === 'k7' ? undefined : { name })));
    expect(sent.map(({ input }) => keysOf(input).length)).toEqual([100, 100, 40]);
  });

  test('what DynamoDB leaves unprocessed is asked for again', async () => {
    const { store, sent } = storeOn((input: Request) => {
      const [first, ...rest] = input.RequestItems.millrace.Keys;
      const unprocessed = rest.length === 0 ? {} : { millrace: { Keys: rest } };
      return { Responses: { millrace: [itemOf(first?.sk.S ?? '')] }, UnprocessedKeys: unprocessed };
    });
    const keys = ['a', 'b', 'c'].map((sk) => ({ pk: 'p', sk }));
    expect(await store.getMany(keys, { consistent: false })).toEqual([
      { name: 'a' },
      { name: 'b' },
      { name: 'c' },
    ]);
    expect(sent.map(({ input }) => keysOf(input))).toEqual([['a', 'b', 'c'], ['b', 'c'], ['c']]);
    const reads = sent.map(({ input }) => (input as Request).RequestItems.millrace.ConsistentRead);
    expect(reads).toEqual([false, false, false]);
  });

  test('a batch of which DynamoDB never answers anything is throttled', async () => {
    const { store } = storeOn((input: Request) => ({ UnprocessedKeys: input.RequestItems }));
    await expect(store.getMany([key])).rejects.toMatchObject({ kind: 'throttled' });
  });
});
