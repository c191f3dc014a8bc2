import { describe, expect, test } from 'vitest';
import {
  applyConfigChanges,
  type ConfigChange,
  isRetentionRaised,
  logConfigOf,
} from '../../../shared/catalog/topic-configs.ts';
import type { KafkaErrorName } from '../../../shared/kafka/error-codes.ts';
import { fateName, fates, newGround, openTopics, runWithFault } from './catalog-bench.ts';

const refusal = (errorName: KafkaErrorName) => expect.objectContaining({ errorName });
const change = (
  operation: ConfigChange['operation'],
  name: string,
  value: string | null = null,
): ConfigChange => ({
  name,
  value,
  operation,
});

describe('changes of configs', () => {
  test.each<[string, Record<string, string>, ConfigChange[], Record<string, string>]>([
    ['SET adds', {}, [change('SET', 'retention.ms', '5')], { 'retention.ms': '5' }],
    ['SET replaces', { 'retention.ms': '1' }, [change('SET', 'retention.ms', '5')], { 'retention.ms': '5' }],
    ['DELETE removes', { 'retention.ms': '1' }, [change('DELETE', 'retention.ms')], {}],
    ['DELETE of what is not set', {}, [change('DELETE', 'retention.ms')], {}],
    [
      'APPEND starts from the default',
      {},
      [change('APPEND', 'cleanup.policy', 'compact')],
      { 'cleanup.policy': 'delete,compact' },
    ],
    [
      'APPEND of what is there',
      {},
      [change('APPEND', 'cleanup.policy', 'delete')],
      { 'cleanup.policy': 'delete' },
    ],
    [
      'SUBTRACT',
      { 'cleanup.policy': 'delete,compact' },
      [change('SUBTRACT', 'cleanup.policy', 'delete')],
      { 'cleanup.policy': 'compact' },
    ],
    ['SUBTRACT to nothing', {}, [change('SUBTRACT', 'cleanup.policy', 'delete')], { 'cleanup.policy': '' }],
  ])('%s', (_, configs, changes, expected) => {
    expect(applyConfigChanges(configs, changes)).toEqual(expected);
  });

  test.each<[KafkaErrorName, ConfigChange[]]>([
    ['INVALID_CONFIG', [change('SET', 'no.such', '1')]],
    ['INVALID_CONFIG', [change('DELETE', 'no.such')]],
    ['INVALID_CONFIG', [change('SET', 'retention.ms', null)]],
    ['INVALID_CONFIG', [change('APPEND', 'cleanup.policy', null)]],
    ['INVALID_CONFIG', [change('APPEND', 'retention.ms', '1')]],
    ['INVALID_CONFIG', [change('SUBTRACT', 'compression.type', 'gzip')]],
    ['INVALID_REQUEST', [change('SET', 'retention.ms', '1'), change('DELETE', 'retention.ms')]],
  ])('%s refuses %j', (errorName, changes) => {
    expect(() => applyConfigChanges({}, changes)).toThrow(refusal(errorName));
  });

  test('the configs of a log are resolved to values', () => {
    expect(logConfigOf({})).toEqual({
      batchBytesMax: 1_048_588,
      timestampType: 'CreateTime',
      timestampBeforeMaxMs: 9_223_372_036_854_775_807n,
      timestampAfterMaxMs: 3_600_000n,
      compressionType: 'producer',
      retentionMs: 604_800_000n,
      retentionBytes: -1n,
      cleanupPolicy: ['delete'],
      segmentBytes: 16_777_216,
      segmentMs: 3_600_000n,
    });
    expect(logConfigOf({ 'retention.bytes': '-5' }).retentionBytes).toBe(-1n);
  });

  test.each<[boolean, Record<string, string>, Record<string, string>]>([
    [true, { 'retention.ms': '1000' }, { 'retention.ms': '1001' }],
    [true, { 'retention.ms': '1000' }, { 'retention.ms': '-1' }],
    [true, { 'retention.ms': '1000' }, {}],
    [true, {}, { 'cleanup.policy': 'compact' }],
    [true, {}, { 'cleanup.policy': 'compact,delete' }],
    [true, {}, { 'cleanup.policy': '' }],
    [false, {}, { 'retention.ms': '1000' }],
    [false, { 'retention.ms': '1000' }, { 'retention.ms': '1000' }],
    [false, { 'retention.ms': '-1' }, { 'retention.ms': '1000' }],
    [false, { 'cleanup.policy': 'compact' }, {}],
    [false, {}, { 'retention.bytes': '1' }],
  ])('whether records live longer: %s from %j to %j', (expected, before, after) => {
    expect(isRetentionRaised(logConfigOf(before), logConfigOf(after))).toBe(expected);
  });
});

describe('altering configs', () => {
  test('the changes are stored and seen by another process', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders', configs: { 'segment.bytes': '100' } });
    const topic = await openTopics(ground).alterConfigs('orders', [
      change('SET', 'retention.ms', '+7'),
      change('DELETE', 'segment.bytes'),
    ]);
    expect(topic).toMatchObject({ configs: { 'retention.ms': '7' }, logConfig: { retentionMs: 7n } });
    expect(await openTopics(ground).get('orders')).toEqual(topic);
  });

  test('one bad change leaves all as it was', async () => {
    const ground = newGround();
    const topics = openTopics(ground);
    await topics.create({ name: 'orders' });
    const changes = [change('SET', 'retention.ms', '7'), change('SET', 'segment.bytes', '1')];
    await expect(topics.alterConfigs('orders', changes)).rejects.toThrow(refusal('INVALID_CONFIG'));
    await expect(topics.alterConfigs('orders', changes, { validateOnly: true })).rejects.toThrow(
      refusal('INVALID_CONFIG'),
    );
    expect((await topics.get('orders')).configs).toEqual({});
  });

  test('validateOnly shows what would be and changes nothing', async () => {
    const topics = openTopics(newGround());
    await topics.create({ name: 'orders' });
    const would = await topics.alterConfigs('orders', [change('SET', 'retention.ms', '7')], {
      validateOnly: true,
    });
    expect(would.configs).toEqual({ 'retention.ms': '7' });
    expect((await topics.get('orders')).configs).toEqual({});
  });

  test('a topic that is not there is unknown', async () => {
    const topics = openTopics(newGround());
    for (const options of [{}, { validateOnly: true }]) {
      await expect(
        topics.alterConfigs('orders', [change('SET', 'retention.ms', '7')], options),
      ).rejects.toThrow(refusal('UNKNOWN_TOPIC_OR_PARTITION'));
    }
  });

  test('changes made at the same time are all kept', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders' });
    const configs = { 'retention.ms': '7', 'segment.bytes': '99', 'segment.ms': '5', 'flush.ms': '3' };
    await Promise.all([
      ...Object.entries(configs).map(([name, value]) =>
        openTopics(ground).alterConfigs('orders', [change('SET', name, value)]),
      ),
      openTopics(ground).addPartitions('orders', 4),
    ]);
    expect(await openTopics(ground).get('orders')).toMatchObject({ configs, partitions: 4 });
  });

  test('expiry is lifted before a longer life is promised, and again once no process goes by the old configs', async () => {
    const ground = newGround();
    const seen: string[] = [];
    const topics = openTopics(ground, {
      keepLonger: async (topic) => {
        const stored = await openTopics(ground).get('orders');
        seen.push(`${topic.name} ${topic.logConfig.retentionMs} ${stored.logConfig.retentionMs}`);
      },
    });
    await topics.create({ name: 'orders', configs: { 'retention.ms': '1000' } });
    await topics.alterConfigs('orders', [change('SET', 'retention.ms', '500')]);
    expect(seen).toEqual([]);
    await topics.alterConfigs('orders', [change('SET', 'retention.ms', '-1')], { validateOnly: true });
    expect(seen).toEqual([]);
    await topics.alterConfigs('orders', [change('SET', 'retention.ms', '-1')]);
    expect(seen).toEqual(['orders 500 500', 'orders -1 -1']);
  });

  test('when that fails, nothing is promised', async () => {
    const ground = newGround();
    const topics = openTopics(ground, {
      keepLonger: () => Promise.reject(new Error('no roll today')),
    });
    await topics.create({ name: 'orders', configs: { 'retention.ms': '1000' } });
    await expect(topics.alterConfigs('orders', [change('DELETE', 'retention.ms')])).rejects.toThrow(
      'no roll today',
    );
    expect((await topics.get('orders')).logConfig.retentionMs).toBe(1000n);
  });

  test.each(fates.map((fate) => [fateName(fate), fate] as const))(
    'are changed once or not at all when a call is %s, and works again',
    async (_, fate) => {
      const alter = [change('APPEND', 'cleanup.policy', 'compact')];
      for (let number = 1; ; number++) {
        const ground = newGround();
        await openTopics(ground).create({ name: 'orders' });
        const { ending, stores, wasMet } = await runWithFault(ground, number, fate, (faulty) =>
          openTopics({ ...ground, stores: faulty }).alterConfigs('orders', alter),
        );
        if (!wasMet) break;
        const stored = (await openTopics(ground).get('orders')).configs;
        if (ending.is === 'done') expect(stored).toEqual({ 'cleanup.policy': 'delete,compact' });
        await stores.releaseHeld();
        await openTopics(ground).alterConfigs('orders', alter);
        expect((await openTopics(ground).get('orders')).configs).toEqual({
          'cleanup.policy': 'delete,compact',
        });
      }
    },
  );

  test('a late change does not undo what came after it', async () => {
    const ground = newGround();
    await openTopics(ground).create({ name: 'orders' });
    const { stores } = await runWithFault(ground, 2, { late: 'held' }, (faulty) =>
      openTopics({ ...ground, stores: faulty }).alterConfigs('orders', [change('SET', 'retention.ms', '1')]),
    );
    // Back to exactly what the late write had read.
    await openTopics(ground).alterConfigs('orders', [change('DELETE', 'retention.ms')]);
    await stores.releaseHeld();
    expect((await openTopics(ground).get('orders')).configs).toEqual({});
  });
});

describe('describing configs', () => {
  test('every config is shown with where it comes from', async () => {
    const topics = openTopics(newGround());
    const topic = await topics.create({ name: 'orders', configs: { 'retention.ms': '1000' } });
    const entries = topics.describeConfigs(topic);
    expect(entries.map(({ name }) => name)).toEqual(entries.map(({ name }) => name).sort());
    expect(entries).toHaveLength(33);
    expect(entries.find(({ name }) => name === 'retention.ms')).toMatchObject({
      value: '1000',
      isDefault: false,
      source: 'DYNAMIC_TOPIC_CONFIG',
      isReadOnly: false,
      isSensitive: false,
      type: 'LONG',
      synonyms: [
        { name: 'retention.ms', value: '1000', source: 'DYNAMIC_TOPIC_CONFIG' },
        { name: 'log.retention.ms', value: '604800000', source: 'DEFAULT_CONFIG' },
      ],
    });
    expect(entries.find(({ name }) => name === 'segment.bytes')).toMatchObject({
      value: '16777216',
      isDefault: true,
      source: 'DEFAULT_CONFIG',
      synonyms: [{ name: 'log.segment.bytes', value: '16777216', source: 'DEFAULT_CONFIG' }],
    });
    expect(entries.every(({ documentation }) => documentation.length > 10)).toBe(true);
  });
});
