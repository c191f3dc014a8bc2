import {
  type AttributeValue,
  BatchGetItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { ulid } from '../../base/ulid.ts';
import type { Item, Key } from '../item.ts';
import { checkKey, refusal } from '../item-limits.ts';
import type {
  Action,
  Condition,
  MetadataStore,
  Query,
  QueryResult,
  ReadOptions,
  Update,
  UpdateOptions,
} from '../metadata-store.ts';
import { untilStaged } from '../staging-by-put.ts';
import { isStoreError, StoreError } from '../store-error.ts';
import { checkTransaction } from '../transaction-rules.ts';
import { type AttributeValues, toItem, toKey, toKeyValues } from './attribute-values.ts';
import { type Calls, callsTo } from './calls.ts';
import { guardsOf, Placeholders } from './expressions.ts';
import { keyConditionText, keyRangeOf } from './key-range.ts';
import { keyRequest, type Never, never, putRequest, transactItem, updateRequest } from './write-requests.ts';

export type DynamoDbOptions = { tableName: string; clock: Clock; random: Random };

/** AWS: keys of one BatchGetItem. */
export const batchGetKeysMax = 100;
/** Batches that one `getMany` has under way at a time; each may answer 16 MB. */
const batchesAtOnce = 4;

/**
 * The metadata store on one DynamoDB table (`createMetadataTableInput`). The client must not repeat by itself
 * (`maxAttempts: 1`): see `Calls`.
 */
export class DynamoDbMetadataStore implements MetadataStore {
  private readonly client: DynamoDBClient;
  private readonly table: string;
  private readonly options: DynamoDbOptions;
  private readonly calls: Calls;

  constructor(client: DynamoDBClient, options: DynamoDbOptions) {
    this.client = client;
    this.options = options;
    this.table = options.tableName;
    this.calls = callsTo(`table ${options.tableName}`, options);
  }

  async get(key: Key, options: ReadOptions = {}): Promise<Item | undefined> {
    checkKey(key);
    const input = {
      TableName: this.table,
      Key: toKeyValues(key),
      ConsistentRead: options.consistent ?? true,
    };
    const answer = await this.calls.read('GetItem', () => this.client.send(new GetItemCommand(input)));
    return answer.Item === undefined ? undefined : toItem(answer.Item);
  }

  async getMany(keys: readonly Key[], options: ReadOptions = {}): Promise<(Item | undefined)[]> {
    keys.forEach(checkKey);
    const asked = [...new Map(keys.map((key) => [nameOf(key), key])).values()];
    const found = new Map<string, Item>();
    const batches: Key[][] = [];
    for (let at = 0; at < asked.length; at += batchGetKeysMax) {
      batches.push(asked.slice(at, at + batchGetKeysMax));
    }
    const takeBatches = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        await this.getBatch(batch, options.consistent ?? true, found);
      }
    };
    await Promise.all(Array.from({ length: Math.min(batchesAtOnce, batches.length) }, takeBatches));
    return keys.map((key) => found.get(nameOf(key)));
  }

  /**
   * DynamoDB answers what fits into 16 MB, or into what is left of a budget, and names the rest: asks until
   * all is there.
   */
  private async getBatch(keys: readonly Key[], consistent: boolean, found: Map<string, Item>): Promise<void> {
    let left: AttributeValues[] = keys.map(toKeyValues);
    while (left.length > 0) {
      const request = { [this.table]: { Keys: left, ConsistentRead: consistent } };
      const { items, unprocessed } = await this.calls.read('BatchGetItem', async () => {
        const answer = await this.client.send(new BatchGetItemCommand({ RequestItems: request }));
        const rest = Object.values(answer.UnprocessedKeys ?? {}).flatMap((part) => part.Keys ?? []);
        if (rest.length >= left.length) throw new StoreError('throttled', 'BatchGetItem answered no key');
        return { items: Object.values(answer.Responses ?? {}).flat(), unprocessed: rest };
      });
      for (const values of items) found.set(nameOf(toKey(values)), toItem(values));
      left = unprocessed;
    }
  }

  async query(query: Query): Promise<QueryResult> {
    const limit = query.limit;
    if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) throw refusal(`a limit of ${limit}`);
    checkKey({ pk: query.pk, sk: 'any' });
    const range = keyRangeOf(query);
    if (range === undefined) return { items: [] };
    const placeholders = new Placeholders();
    const input = {
      TableName: this.table,
      KeyConditionExpression: keyConditionText(query.pk, range, placeholders),
      ...placeholders.parameters(),
      ConsistentRead: query.consistent ?? true,
      ScanIndexForward: !query.descending,
      ...(limit === undefined ? {} : { Limit: limit }),
      ...(range.startAfter === undefined
        ? {}
        : { ExclusiveStartKey: toKeyValues({ pk: query.pk, sk: range.startAfter }) }),
    };
    const answer = await this.calls.read('Query', () => this.client.send(new QueryCommand(input)));
    const items = (answer.Items ?? []).map((values) => ({ key: toKey(values), item: toItem(values) }));
    const next = answer.LastEvaluatedKey === undefined ? {} : { next: toKey(answer.LastEvaluatedKey).sk };
    return { items, ...next };
  }

  async put(key: Key, item: Item, condition?: Condition): Promise<void> {
    const request = possible(putRequest(this.table, key, item, condition), 'PutItem');
    await this.calls.write('PutItem', () => this.client.send(new PutItemCommand(request)));
  }

  async update(key: Key, update: Update, options: UpdateOptions = {}): Promise<Item> {
    const request = possible(updateRequest(this.table, key, update), 'UpdateItem');
    const returns = options.returns === 'old' ? 'ALL_OLD' : 'ALL_NEW';
    await untilStaged(options.after);
    const command = new UpdateItemCommand({ ...request, ReturnValues: returns });
    const answer = await this.calls
      .write('UpdateItem', () => this.client.send(command))
      .catch((error) => {
        throw isOwnGuard(error, update)
          ? refusal(`${error.message}: fewer members than are to be dropped`)
          : error;
      });
    return toItem(answer.Attributes ?? ({} as Record<string, AttributeValue>));
  }

  async remove(key: Key, condition?: Condition): Promise<void> {
    const request = possible(keyRequest(this.table, key, condition), 'DeleteItem');
    await this.calls.write('DeleteItem', () => this.client.send(new DeleteItemCommand(request)));
  }

  async transact(actions: readonly Action[]): Promise<void> {
    checkTransaction(actions);
    const items = actions.map((action) => transactItem(this.table, action));
    const failedActions = items.flatMap((item, position) => (item === never ? [position] : []));
    if (failedActions.length > 0) {
      throw new StoreError('conditionFailed', 'TransactWriteItems: a condition that no item fulfils', {
        failedActions,
      });
    }
    const sent = items.flatMap((item, position) =>
      item === undefined || item === never ? [] : [{ item, position }],
    );
    if (sent.length === 0) return;
    const command = new TransactWriteItemsCommand({
      TransactItems: sent.map(({ item }) => item),
      // With the same token DynamoDB carries it out once, however often it arrives within ten minutes.
      ClientRequestToken: ulid(this.options.clock, this.options.random),
    });
    try {
      await this.calls.repeatableWrite('TransactWriteItems', () => this.client.send(command));
    } catch (error) {
      throw withPositions(
        error,
        sent.map(({ position }) => position),
      );
    }
  }
}

/** A name of the key for maps; no key holds a NUL. */
const nameOf = ({ pk, sk }: Key): string => `${pk}\0${sk}`;

function possible<T>(request: T | Never, operation: string): T {
  if (request === never)
    throw new StoreError('conditionFailed', `${operation}: a condition that no item fulfils`);
  return request as T;
}

/** Without a condition of the caller's, what was refused was only our own guard against dropping too much. */
const isOwnGuard = (error: unknown, update: Update): error is StoreError =>
  isStoreError(error, 'conditionFailed') &&
  update.condition === undefined &&
  guardsOf(update.changes).length > 0;

/** The positions that the caller knows: checks of what is always true were not sent. */
function withPositions(error: unknown, positions: readonly number[]): unknown {
  if (!isStoreError(error, 'conditionFailed')) return error;
  const failedActions = error.failedActions.map((sentAs) => {
    const position = positions[sentAs];
    assert(position !== undefined, 'a failed action was one of those sent');
    return position;
  });
  return new StoreError(error.kind, error.message, { cause: error.cause, failedActions });
}
