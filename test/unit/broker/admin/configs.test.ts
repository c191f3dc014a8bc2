import { describe, expect, test } from 'vitest';
import { brokerConfigEntries } from '../../../../shared/kafka/broker-config-keys.ts';
import type { KafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { alterConfigs } from '../../../../shared/protocol/messages/alter-configs.ts';
import { describeConfigs } from '../../../../shared/protocol/messages/describe-configs.ts';
import { incrementalAlterConfigs } from '../../../../shared/protocol/messages/incremental-alter-configs.ts';
import { listConfigResources } from '../../../../shared/protocol/messages/list-config-resources.ts';
import { call, newTopic } from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const broker = brokerInMemory();
const types = { topic: 2, broker: 4, logger: 8, metrics: 16, group: 32 };
const set = 0;
const remove = 1;
const append = 2;
const subtract = 3;

type Named = { type?: number; name: string; keys?: readonly string[] | null };
type Shown = { synonyms?: boolean; documentation?: boolean; version?: number };

async function describeAll(resources: readonly Named[], { version = 4, ...shown }: Shown = {}) {
  const answer = await call(broker(), describeConfigs, version, {
    resources: resources.map(({ type = types.topic, name, keys = null }) => ({
      resourceType: type,
      resourceName: name,
      configurationKeys: keys,
    })),
    includeSynonyms: shown.synonyms ?? false,
    ...(version >= 3 ? { includeDocumentation: shown.documentation ?? false } : {}),
  });
  return answer.results;
}

/** What was set for a topic, and is not a default. */
async function setOf(name: string): Promise<[string, string | null][]> {
  const [result] = await describeAll([{ name }]);
  return (result?.configs ?? [])
    .filter(({ configSource }) => configSource === 1)
    .map((config) => [config.name, config.value]);
}

describe('DescribeConfigs', () => {
  test.each(ends(describeConfigs))('v%i shows every config of a topic with its source', async (version) => {
    const { name } = await newTopic(broker(), { configs: { 'retention.ms': '1000' } });
    const [result] = await describeAll([{ name }], { version });
    expect(result).toMatchObject({
      errorCode: none,
      errorMessage: null,
      resourceType: 2,
      resourceName: name,
    });
    const configs = new Map(result?.configs.map((config) => [config.name, config]));
    expect(configs.size).toBe(33);
    expect(configs.get('retention.ms')).toMatchObject({ value: '1000', configSource: 1, readOnly: false });
    expect(configs.get('cleanup.policy')).toMatchObject({ value: 'delete', configSource: 5 });
    expect(configs.get('cleanup.policy')?.configType).toBe(version < 3 ? 0 : 7);
  });

  test('synonyms and documentation come when they are asked for', async () => {
    const { name } = await newTopic(broker(), { configs: { 'retention.ms': '1000' } });
    const wanted = [{ name, keys: ['retention.ms'] }];
    const [without] = await describeAll(wanted);
    expect(without?.configs[0]).toMatchObject({ synonyms: [], documentation: null, configType: 5 });
    const [full] = await describeAll(wanted, { synonyms: true, documentation: true });
    expect(full?.configs[0]?.synonyms).toEqual([
      { name: 'retention.ms', value: '1000', source: 1 },
      { name: 'log.retention.ms', value: '604800000', source: 5 },
    ]);
    expect(full?.configs[0]?.documentation).toMatch(/\w/);
  });

  test('only the configs named are shown, and those that there are not are left out', async () => {
    const { name } = await newTopic(broker());
    const [result] = await describeAll([{ name, keys: ['segment.ms', 'no.such', 'retention.ms'] }]);
    expect(result?.configs.map((config) => config.name).sort()).toEqual(['retention.ms', 'segment.ms']);
    const [all] = await describeAll([{ name, keys: [] }]);
    expect(all?.configs.length).toBe(33);
  });

  test('a broker shows what it runs with, read-only, with what tools read the version from', async () => {
    const [result] = await describeAll([{ type: types.broker, name: '1' }], { synonyms: true });
    const entries = brokerConfigEntries({ brokerId: 1, defaultPartitions: 1, autoCreateTopics: true });
    expect(result?.configs.map(({ name, value }) => [name, value])).toEqual(
      entries.map(({ name, value }) => [name, value]),
    );
    expect(result?.configs.every(({ readOnly }) => readOnly)).toBe(true);
    const configs = new Map(result?.configs.map((config) => [config.name, config]));
    expect(configs.get('inter.broker.protocol.version')?.value).toBe('3.9-IV0');
    expect(configs.get('broker.id')).toMatchObject({ value: '1', configSource: 4, configType: 3 });
    expect(configs.get('broker.id')?.synonyms).toEqual([{ name: 'broker.id', value: '1', source: 4 }]);
  });

  test.each([
    ['all brokers together', types.broker, ''],
    ['a logger', types.logger, '1'],
    ['a subscription to client metrics', types.metrics, 'sub'],
    ['a group', types.group, 'g'],
  ])('%s: there are none', async (_what, type, name) => {
    expect(await describeAll([{ type, name }])).toMatchObject([{ errorCode: none, configs: [] }]);
  });

  test.each<[KafkaErrorName, string, Named]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'a topic that is not there', { name: 'no-such' }],
    ['INVALID_TOPIC_EXCEPTION', 'an illegal name', { name: 'a b' }],
    ['INVALID_TOPIC_EXCEPTION', 'an empty name', { name: '' }],
    ['INVALID_REQUEST', 'a broker that is not there', { type: types.broker, name: '9' }],
    ['INVALID_REQUEST', 'a broker that is no number', { type: types.broker, name: 'x' }],
    ['INVALID_REQUEST', 'the loggers of nobody', { type: types.logger, name: '' }],
    ['INVALID_REQUEST', 'a group without name', { type: types.group, name: '' }],
    ['INVALID_REQUEST', 'a subscription without name', { type: types.metrics, name: '' }],
    ['INVALID_REQUEST', 'a resource type that there is not', { type: 99, name: 'x' }],
    ['INVALID_REQUEST', 'resource type 0', { type: 0, name: 'x' }],
  ])('%s refuses %s, and the neighbour is answered', async (error, _what, resource) => {
    const { name } = await newTopic(broker());
    const results = await describeAll([resource, { name }]);
    expect(results[0]).toMatchObject({ errorCode: code(error), resourceName: resource.name, configs: [] });
    expect(results[1]).toMatchObject({ errorCode: none, resourceName: name });
  });

  test('all configs of one resource are not answered over and over', async () => {
    const { name } = await newTopic(broker());
    const wanted = [{ name }, { name, keys: [] }, { name, keys: ['retention.ms'] }];
    const results = await describeAll(wanted);
    const invalid = code('INVALID_REQUEST');
    expect(results.map(({ errorCode }) => errorCode)).toEqual([invalid, invalid, none]);
  });
});

type Change = readonly [name: string, operation: number, value: string | null];
type Altered = { type?: number; name: string; changes?: readonly Change[] };

async function alterAll(resources: readonly Altered[], { version = 1, validateOnly = false } = {}) {
  const answer = await call(broker(), incrementalAlterConfigs, version, {
    resources: resources.map(({ type = types.topic, name, changes = [] }) => ({
      resourceType: type,
      resourceName: name,
      configs: changes.map(([config, configOperation, value]) => ({ name: config, configOperation, value })),
    })),
    validateOnly,
  });
  return answer.responses;
}

describe('IncrementalAlterConfigs', () => {
  test.each(ends(incrementalAlterConfigs))('v%i sets and deletes, and leaves the others', async (version) => {
    const configs = { 'retention.ms': '1000', 'segment.ms': '5000' };
    const { name } = await newTopic(broker(), { configs });
    const changes: Change[] = [
      ['retention.ms', set, '2000'],
      ['segment.ms', remove, null],
      ['min.insync.replicas', set, '2'],
    ];
    const [answer] = await alterAll([{ name, changes }], { version });
    expect(answer).toEqual({ errorCode: none, errorMessage: null, resourceType: 2, resourceName: name });
    expect(await setOf(name)).toEqual([
      ['min.insync.replicas', '2'],
      ['retention.ms', '2000'],
    ]);
  });

  test('a list takes APPEND and SUBTRACT, from its default on', async () => {
    const { name } = await newTopic(broker());
    const cleanup = async (operation: number, value: string) => {
      await alterAll([{ name, changes: [['cleanup.policy', operation, value]] }]);
      return setOf(name);
    };
    expect(await cleanup(append, 'compact')).toEqual([['cleanup.policy', 'delete,compact']]);
    expect(await cleanup(append, 'compact')).toEqual([['cleanup.policy', 'delete,compact']]);
    expect(await cleanup(subtract, 'delete')).toEqual([['cleanup.policy', 'compact']]);
    expect(await cleanup(remove, '')).toEqual([]);
  });

  test('validate_only checks, and changes nothing', async () => {
    const { name } = await newTopic(broker());
    const good: Change[] = [['retention.ms', set, '1']];
    const bad: Change[] = [['retention.ms', set, 'x']];
    const options = { validateOnly: true };
    expect((await alterAll([{ name, changes: good }], options))[0]?.errorCode).toBe(none);
    expect((await alterAll([{ name, changes: bad }], options))[0]?.errorCode).toBe(code('INVALID_CONFIG'));
    expect(await setOf(name)).toEqual([]);
  });

  test('the deletion of a config that there is not is done, as in Kafka', async () => {
    const { name } = await newTopic(broker());
    expect(await alterAll([{ name, changes: [['no.such', remove, null]] }])).toMatchObject([
      { errorCode: none },
    ]);
  });

  test.each<[KafkaErrorName, string, Change]>([
    ['INVALID_CONFIG', 'an unknown config', ['no.such', set, '1']],
    ['INVALID_CONFIG', 'a value of another type', ['segment.ms', set, 'x']],
    ['INVALID_CONFIG', 'APPEND to what is no list', ['segment.ms', append, '1']],
    ['INVALID_REQUEST', 'no value', ['segment.ms', set, null]],
    ['INVALID_REQUEST', 'no value to append', ['cleanup.policy', append, null]],
    ['INVALID_REQUEST', 'an unknown operation', ['segment.ms', 9, '1']],
    ['INVALID_REQUEST', 'a config named twice', ['retention.ms', set, '3']],
  ])('%s refuses %s: nothing of the topic changes, the neighbour does', async (error, _what, change) => {
    const [one, two] = [await newTopic(broker()), await newTopic(broker())];
    const good: Change = ['retention.ms', set, '7000'];
    const answers = await alterAll([
      { name: one.name, changes: [good, change] },
      { name: two.name, changes: [good] },
    ]);
    expect(answers[0]).toMatchObject({ errorCode: code(error), errorMessage: expect.stringMatching(/\w/) });
    expect(answers[1]).toMatchObject({ errorCode: none });
    expect([await setOf(one.name), await setOf(two.name)]).toEqual([[], [['retention.ms', '7000']]]);
  });

  test('a resource named twice is refused at both places and stays as it was', async () => {
    const { name } = await newTopic(broker());
    const changes: Change[] = [['retention.ms', set, '1']];
    const answers = await alterAll([
      { name, changes },
      { name, changes },
    ]);
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(Array(2).fill(code('INVALID_REQUEST')));
    expect(await setOf(name)).toEqual([]);
  });

  test.each<[KafkaErrorName, string, Altered]>([
    ['UNKNOWN_TOPIC_OR_PARTITION', 'a topic that is not there', { name: 'no-such' }],
    ['INVALID_TOPIC_EXCEPTION', 'an illegal topic', { name: 'a b' }],
    ['INVALID_REQUEST', 'all topics together', { name: '' }],
    ['INVALID_REQUEST', 'a broker that is not there', { type: types.broker, name: '9' }],
    ['INVALID_REQUEST', 'a resource type that there is not', { type: 99, name: 'x' }],
    [
      'INVALID_REQUEST',
      'what a broker was started with',
      { type: types.broker, name: '1', changes: [['num.partitions', set, '3']] },
    ],
    [
      'INVALID_REQUEST',
      'a default of all brokers',
      { type: types.broker, name: '', changes: [['log.retention.ms', set, '3']] },
    ],
    [
      'INVALID_CONFIG',
      'an unknown config of a broker',
      { type: types.broker, name: '1', changes: [['no.such', set, '3']] },
    ],
    ['INVALID_CONFIG', 'a logger', { type: types.logger, name: '1', changes: [['root', set, 'DEBUG']] }],
    ['INVALID_REQUEST', 'the loggers of nobody', { type: types.logger, name: '' }],
    [
      'INVALID_CONFIG',
      'client metrics',
      { type: types.metrics, name: 's', changes: [['interval.ms', set, '1000']] },
    ],
    [
      'INVALID_CONFIG',
      'a config of a group',
      { type: types.group, name: 'g', changes: [['consumer.session.timeout.ms', set, '1']] },
    ],
    ['INVALID_REQUEST', 'a group without name', { type: types.group, name: '' }],
  ])('%s refuses %s', async (error, _what, resource) => {
    const [answer] = await alterAll([resource]);
    expect(answer).toMatchObject({ errorCode: code(error), resourceName: resource.name });
    expect(answer?.errorMessage).toMatch(/\w/);
  });

  test('no change of a broker is no error', async () => {
    expect(await alterAll([{ type: types.broker, name: '1' }])).toMatchObject([{ errorCode: none }]);
  });
});

describe('AlterConfigs', () => {
  type Config = readonly [name: string, value: string | null];
  const replace = async (
    resources: readonly { type?: number; name: string; configs: readonly Config[] }[],
    { version = 2, validateOnly = false } = {},
  ) => {
    const answer = await call(broker(), alterConfigs, version, {
      resources: resources.map(({ type = types.topic, name, configs }) => ({
        resourceType: type,
        resourceName: name,
        configs: configs.map(([config, value]) => ({ name: config, value })),
      })),
      validateOnly,
    });
    return answer.responses;
  };

  test.each(ends(alterConfigs))(
    'v%i replaces all configs: the others fall back to defaults',
    async (version) => {
      const configs = { 'retention.ms': '1000', 'cleanup.policy': 'compact' };
      const { name } = await newTopic(broker(), { configs });
      const [answer] = await replace([{ name, configs: [['segment.ms', '5000']] }], { version });
      expect(answer).toEqual({ errorCode: none, errorMessage: null, resourceType: 2, resourceName: name });
      expect(await setOf(name)).toEqual([['segment.ms', '5000']]);
      expect((await replace([{ name, configs: [] }], { version }))[0]?.errorCode).toBe(none);
      expect(await setOf(name)).toEqual([]);
    },
  );

  test('validate_only changes nothing', async () => {
    const { name } = await newTopic(broker(), { configs: { 'retention.ms': '1000' } });
    const [answer] = await replace([{ name, configs: [] }], { validateOnly: true });
    expect(answer?.errorCode).toBe(none);
    expect(await setOf(name)).toEqual([['retention.ms', '1000']]);
  });

  test.each<[KafkaErrorName, string, readonly Config[]]>([
    ['INVALID_CONFIG', 'an unknown config', [['no.such', '1']]],
    ['INVALID_CONFIG', 'a bad value', [['segment.ms', 'x']]],
    ['INVALID_REQUEST', 'no value', [['segment.ms', null]]],
    [
      'INVALID_REQUEST',
      'a config named twice',
      [
        ['segment.ms', '1'],
        ['segment.ms', '2'],
      ],
    ],
  ])('%s refuses %s, and what was set stays', async (error, _what, configs) => {
    const { name } = await newTopic(broker(), { configs: { 'retention.ms': '1000' } });
    expect(await replace([{ name, configs }])).toMatchObject([{ errorCode: code(error) }]);
    expect(await setOf(name)).toEqual([['retention.ms', '1000']]);
  });

  test('brokers and loggers are refused by name, a resource named twice at both places', async () => {
    const one: Config[] = [['num.partitions', '3']];
    const invalid = code('INVALID_REQUEST');
    const answers = await replace([
      { type: types.broker, name: '1', configs: one },
      { type: types.logger, name: '1', configs: [] },
      { name: 'twice', configs: [] },
      { name: 'twice', configs: [] },
    ]);
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(Array(4).fill(invalid));
  });
});

describe('ListConfigResources', () => {
  const list = async (resourceTypes: readonly number[]) =>
    call(broker(), listConfigResources, 1, { resourceTypes });

  test('v0 asks for client metrics, of which there are none', async () => {
    const answer = await call(broker(), listConfigResources, 0, {});
    expect(answer).toMatchObject({ errorCode: none, configResources: [] });
  });

  test('v1 names topics and brokers, all types where none is named', async () => {
    const { name } = await newTopic(broker());
    const topics = await list([types.topic]);
    expect(topics.configResources).toContainEqual({ resourceName: name, resourceType: types.topic });
    expect(topics.configResources.every(({ resourceType }) => resourceType === types.topic)).toBe(true);
    const all = await list([]);
    expect(all.configResources).toContainEqual({ resourceName: '1', resourceType: types.broker });
    expect(all.configResources.length).toBe(topics.configResources.length + 2);
    expect((await list([types.group, types.metrics])).configResources).toEqual([]);
  });

  test('a type that there is not is UNSUPPORTED_VERSION', async () => {
    const answer = await list([types.topic, 99]);
    expect(answer).toMatchObject({ errorCode: code('UNSUPPORTED_VERSION'), configResources: [] });
  });
});
