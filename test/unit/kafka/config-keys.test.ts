import { describe, expect, test } from 'vitest';
import { checkTopicConfigs, topicConfigKeys, topicConfigValue } from '../../../shared/kafka/config-keys.ts';
import { parseConfigValue } from '../../../shared/kafka/config-values.ts';

const invalid = expect.objectContaining({ errorName: 'INVALID_CONFIG' });

describe('topic configs', () => {
  test('every topic config of Kafka 4.1 is there, in the order of names', () => {
    expect([...topicConfigKeys.keys()]).toEqual(
      [
        'cleanup.policy',
        'compression.gzip.level',
        'compression.lz4.level',
        'compression.type',
        'compression.zstd.level',
        'delete.retention.ms',
        'file.delete.delay.ms',
        'flush.messages',
        'flush.ms',
        'follower.replication.throttled.replicas',
        'index.interval.bytes',
        'leader.replication.throttled.replicas',
        'local.retention.bytes',
        'local.retention.ms',
        'max.compaction.lag.ms',
        'max.message.bytes',
        'message.timestamp.after.max.ms',
        'message.timestamp.before.max.ms',
        'message.timestamp.type',
        'min.cleanable.dirty.ratio',
        'min.compaction.lag.ms',
        'min.insync.replicas',
        'preallocate',
        'remote.log.copy.disable',
        'remote.log.delete.on.disable',
        'remote.storage.enable',
        'retention.bytes',
        'retention.ms',
        'segment.bytes',
        'segment.index.bytes',
        'segment.jitter.ms',
        'segment.ms',
        'unclean.leader.election.enable',
      ].sort(),
    );
  });

  test('every default is a value that its own config takes', () => {
    for (const row of topicConfigKeys.values())
      expect(() => parseConfigValue(row, row.defaultText)).not.toThrow();
  });

  test.each([
    ['retention.ms', '-1', '-1'],
    ['retention.ms', ' +5 ', '5'],
    ['retention.ms', '9223372036854775807', '9223372036854775807'],
    ['retention.bytes', '-7', '-7'],
    ['segment.bytes', '14', '14'],
    ['segment.bytes', '2147483647', '2147483647'],
    ['max.message.bytes', '0', '0'],
    ['cleanup.policy', 'compact , delete', 'compact,delete'],
    ['cleanup.policy', '', ''],
    ['compression.type', ' zstd ', 'zstd'],
    ['compression.gzip.level', '-1', '-1'],
    ['compression.zstd.level', '-131072', '-131072'],
    ['min.cleanable.dirty.ratio', '1e-1', '0.1'],
    ['min.cleanable.dirty.ratio', '1', '1'],
    ['preallocate', 'TRUE', 'true'],
    ['leader.replication.throttled.replicas', '*', '*'],
    ['leader.replication.throttled.replicas', '0:1, 1:2', '0:1,1:2'],
    ['unclean.leader.election.enable', 'false', 'false'],
  ])('%s takes %j and keeps it as %j', (name, text, kept) => {
    expect(checkTopicConfigs({ [name]: text })).toEqual({ [name]: kept });
  });

  test.each([
    ['no.such.config', '1'],
    ['constructor', '1'],
    ['__proto__x', '1'],
    ['retention.ms', null],
    ['retention.ms', '-2'],
    ['retention.ms', '1.5'],
    ['retention.ms', ''],
    ['retention.ms', '1_000'],
    ['retention.ms', '0x10'],
    ['retention.ms', '9223372036854775808'],
    ['retention.ms', '9'.repeat(1000)],
    ['segment.bytes', '1'],
    ['segment.bytes', '13'],
    ['segment.bytes', '2147483648'],
    ['segment.ms', '0'],
    ['max.message.bytes', '-1'],
    ['cleanup.policy', 'keep'],
    ['cleanup.policy', 'delete,keep'],
    ['cleanup.policy', 'delete,'],
    ['cleanup.policy', 'DELETE'],
    ['compression.type', 'none'],
    ['compression.gzip.level', '0'],
    ['compression.gzip.level', '10'],
    ['compression.lz4.level', '18'],
    ['compression.zstd.level', '23'],
    ['message.timestamp.type', 'createtime'],
    ['min.cleanable.dirty.ratio', '1.01'],
    ['min.cleanable.dirty.ratio', 'NaN'],
    ['preallocate', 'yes'],
    ['leader.replication.throttled.replicas', '1-2'],
    ['remote.storage.enable', 'true'],
    ['min.insync.replicas', '0'],
  ])('%s refuses %j as INVALID_CONFIG', (name, text) => {
    expect(() => checkTopicConfigs({ [name]: text })).toThrow(invalid);
  });

  test('the message names the config and what it takes', () => {
    expect(() => checkTopicConfigs({ 'segment.bytes': '1' })).toThrow(/segment\.bytes: it takes at least 14/);
    expect(() => checkTopicConfigs({ 'no.such': '1' })).toThrow(/no\.such/);
  });

  test('two configs that contradict each other are refused together', () => {
    expect(() => checkTopicConfigs({ 'min.compaction.lag.ms': '20', 'max.compaction.lag.ms': '10' })).toThrow(
      invalid,
    );
    expect(() =>
      checkTopicConfigs({ 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '20' }),
    ).not.toThrow();
  });

  test('max.message.bytes above what the deployment carries is refused by name', () => {
    const bounds = { messageBytesCap: 4_194_304 };
    expect(checkTopicConfigs({ 'max.message.bytes': '4194304' }, bounds)).toEqual({
      'max.message.bytes': '4194304',
    });
    expect(() => checkTopicConfigs({ 'max.message.bytes': '4194305' }, bounds)).toThrow(
      /max\.message\.bytes: it takes at most 4194304/,
    );
    expect(() => checkTopicConfigs({ 'max.message.bytes': '4194305' })).not.toThrow();
  });

  test('more config text than an item should carry is refused', () => {
    const replicas = Array.from({ length: 5000 }, (_, partition) => `${partition}:1`).join(',');
    expect(() => checkTopicConfigs({ 'leader.replication.throttled.replicas': replicas })).toThrow(invalid);
  });

  test('a config that was not set has its default', () => {
    expect(topicConfigValue({}, 'segment.bytes')).toBe(16_777_216n);
    expect(topicConfigValue({ 'segment.bytes': '100' }, 'segment.bytes')).toBe(100n);
  });
});
