import type { Stack } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import {
  type FunctionName,
  functionNames,
  keyPatterns,
  objectPrefixes,
  streamedTypes,
} from '../../shared/runtime/settings.ts';
import { clusterKey } from '../../shared/storage/items/cluster.ts';
import { consumerInstanceKey, consumerInstanceShards } from '../../shared/storage/items/consumer-instance.ts';
import { deletedTopicKey } from '../../shared/storage/items/deleted-topic.ts';
import { groupCellKey } from '../../shared/storage/items/group-cell.ts';
import { jobsKey } from '../../shared/storage/items/jobs.ts';
import { memberLeaseKey } from '../../shared/storage/items/member-lease.ts';
import { offsetBlockKey } from '../../shared/storage/items/offset-block.ts';
import { pageKey, pageType } from '../../shared/storage/items/page.ts';
import { partitionHeadKey } from '../../shared/storage/items/partition-head.ts';
import { payloadKey } from '../../shared/storage/items/payload.ts';
import { producerKey } from '../../shared/storage/items/producer.ts';
import { producerIdsKey } from '../../shared/storage/items/producer-ids.ts';
import { segmentKey } from '../../shared/storage/items/segment.ts';
import { topicKey } from '../../shared/storage/items/topic.ts';
import { batchObjectKey, rolledObjectKey } from '../../shared/storage/objects/object-keys.ts';
import { list, logicalIdOf, type Statement, statementsOfRole, synth } from './synth.ts';

const { stack, resources } = synth();
const table = stack.log.table;
const ids = {
  table: logicalIdOf(stack, table),
  bucket: logicalIdOf(stack, stack.log.bucket),
  queue: logicalIdOf(stack, stack.log.failures),
};

/** The things of the stack that rights are on, by a part of how the template names them. */
const targets: readonly [part: string, name: string][] = [
  ['/stage/*', 'stage/*'],
  ['/log/*', 'log/*'],
  ['StreamArn', 'stream'],
  [ids.table, 'table'],
  [ids.bucket, 'bucket'],
  [ids.queue, 'failures'],
  ...functionNames.map((name): [string, string] => {
    const { function: lambda } = stack.log.functions[name];
    return [`"${logicalIdOf(stack, lambda)}"`, name];
  }),
  ...functionNames.map((name): [string, string] => {
    const log = stack.log.functions[name].node.findChild('Log') as Stack;
    return [`"${logicalIdOf(stack, log)}"`, `log of ${name}`];
  }),
];

/** A statement, a line for each thing it is on: that thing, or the keys in it, and the actions in order. */
function linesOf({ Action, Resource, Condition }: Statement): string[] {
  const actions = list(Action).map((action) => action.replace(/^dynamodb:/, ''));
  const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] as string[] | undefined;
  return list(Resource).map((resource) => {
    const text = JSON.stringify(resource);
    const target = targets.find(([part]) => text.includes(part))?.[1] ?? text;
    return `${keys ? `${target} ${list(keys).join(' ')}` : target}: ${actions.sort().join(' ')}`;
  });
}

const rightsInTemplate = (name: FunctionName): string[] => {
  const role = stack.log.functions[name].node.findChild('Role') as Stack;
  const statements = statementsOfRole(resources, logicalIdOf(stack, role));
  for (const { Effect } of statements) expect(Effect).toBe('Allow');
  return statements.flatMap(linesOf).sort();
};

const list404 = 'bucket: s3:ListBucket';
const failures = 'failures: sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage';

/** What each function may do: all of it, and nothing else. */
const expected: Readonly<Record<FunctionName, string[]>> = {
  produce: [
    'table b#*: PutItem',
    'table catalog: GetItem Query',
    'table i#*: BatchGetItem GetItem PutItem Query',
    'table p#*: BatchGetItem GetItem UpdateItem',
    'stage/*: s3:PutObject',
    'log/*: s3:GetObject',
    list404,
  ],
  fetch: [
    'table b#*: BatchGetItem GetItem Query',
    'table catalog: GetItem Query',
    'table i#*: BatchGetItem GetItem Query',
    'table p#*: BatchGetItem GetItem',
    'stage/*: s3:GetObject',
    'log/*: s3:GetObject',
    list404,
  ],
  rest: [
    'table b#*: BatchGetItem GetItem PutItem Query UpdateItem',
    'table catalog: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem',
    'table g#*: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem',
    'table w#*: DeleteItem GetItem PutItem UpdateItem',
    'table i#*: BatchGetItem GetItem PutItem Query UpdateItem',
    'table p#*: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem UpdateItem',
    'stage/*: s3:GetObject s3:PutObject',
    'log/*: s3:GetObject',
    list404,
  ],
  control: [
    'table b#*: BatchGetItem GetItem Query UpdateItem',
    'table catalog: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem Query UpdateItem',
    'table g#*: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem',
    'table i#*: BatchGetItem GetItem PutItem Query UpdateItem',
    'table p#*: BatchGetItem ConditionCheckItem DeleteItem GetItem PutItem UpdateItem',
    'stage/*: s3:GetObject',
    'log/*: s3:GetObject',
    list404,
  ],
  pump: [
    'table catalog: GetItem Query',
    'table i#*: Query',
    'table p#*: BatchGetItem',
    'roll: lambda:InvokeFunction',
    'retain: lambda:InvokeFunction',
    'sweep: lambda:InvokeFunction',
    'stream: DescribeStream GetRecords GetShardIterator',
    '"*": ListStreams',
    failures,
  ],
  roll: [
    'table b#*: BatchGetItem DeleteItem GetItem Query',
    'table catalog: GetItem Query',
    'table i#*: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem',
    'table p#*: BatchGetItem GetItem UpdateItem',
    'stage/*: s3:GetObject',
    'log/*: s3:GetObject s3:PutObject',
    failures,
    list404,
  ],
  retain: [
    'table catalog: GetItem Query',
    'table i#*: BatchGetItem DeleteItem GetItem Query UpdateItem',
    'table p#*: BatchGetItem GetItem UpdateItem',
    'log/*: s3:DeleteObject',
    failures,
  ],
  sweep: [
    'table b#*: DeleteItem Query',
    'table catalog: BatchGetItem DeleteItem GetItem PutItem Query',
    'table g#*: BatchGetItem DeleteItem GetItem PutItem Query UpdateItem',
    'table w#*: DeleteItem GetItem Query',
    'table i#*: BatchGetItem DeleteItem GetItem Query UpdateItem',
    'table p#*: BatchGetItem DeleteItem GetItem UpdateItem',
    'stage/*: s3:DeleteObject s3:GetObject',
    'log/*: s3:DeleteObject',
    failures,
    list404,
  ],
};

describe('least privilege', () => {
  test.each(functionNames)('%s may do exactly this', (name) => {
    const ownLog = `log of ${name}: logs:CreateLogStream logs:PutLogEvents`;
    expect(rightsInTemplate(name)).toEqual([...expected[name], ownLog].sort());
  });

  test('no role has a managed policy, and no statement a wildcard action', () => {
    for (const { Type, Properties } of Object.values(resources)) {
      if (Type === 'AWS::IAM::Role') expect(Properties.ManagedPolicyArns ?? []).toEqual([]);
      if (Type !== 'AWS::IAM::Policy') continue;
      const { Statement } = Properties.PolicyDocument as { Statement: Statement[] };
      for (const { Action } of Statement)
        for (const action of list(Action)) expect(action).not.toContain('*');
    }
  });
});

describe('the patterns of the rights', () => {
  const partition = { topicId: 'f81d4fae-7dec-4d0a-a765-00a0c91e6bf6', partition: 12 };
  const ulid = '01HF7YAT31JZHSMW1CG6VCC7Q3';
  const matches = (pattern: string, key: string): boolean =>
    pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
  const families: [family: keyof typeof keyPatterns, keys: { pk: string }[]][] = [
    ['catalog', [topicKey('orders'), clusterKey, producerIdsKey, deletedTopicKey(partition.topicId)]],
    ['heads', [partitionHeadKey(partition)]],
    [
      'index',
      [pageKey(partition, 16n), segmentKey(partition, 0n), producerKey(partition, 7n), jobsKey(partition)],
    ],
    ['payloads', [payloadKey(partition, ulid)]],
    [
      'groups',
      [
        groupCellKey('billing'),
        memberLeaseKey('billing', 'member-1'),
        offsetBlockKey('billing', partition.topicId, 0),
      ],
    ],
    ['instances', [consumerInstanceKey('billing', 'one'), ...consumerInstanceShards.map((pk) => ({ pk }))]],
  ];

  test.each(families)('the keys of %s match its pattern and no other', (family, keys) => {
    for (const { pk } of keys) {
      const matching = Object.entries(keyPatterns).filter(([, pattern]) => matches(pattern, pk));
      expect(matching.map(([name]) => name)).toEqual([family]);
    }
  });

  test('staged objects and segments lie under their prefixes', () => {
    expect(batchObjectKey(ulid).startsWith(objectPrefixes.staged)).toBe(true);
    expect(rolledObjectKey(partition, 0n, ulid).startsWith(objectPrefixes.segments)).toBe(true);
  });

  test('the stream filter names the type letter that pages bear', () => {
    expect(streamedTypes.page).toBe(pageType);
  });
});
