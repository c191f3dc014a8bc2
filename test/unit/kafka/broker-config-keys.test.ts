import { describe, expect, test } from 'vitest';
import { brokerConfigEntries } from '../../../shared/kafka/broker-config-keys.ts';

const entries = brokerConfigEntries({ brokerId: 1, defaultPartitions: 6, autoCreateTopics: true });
const entry = (name: string) => entries.find((candidate) => candidate.name === name);

describe('broker configs', () => {
  test('names are given once and in order', () => {
    const names = entries.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].sort());
  });

  test('what the deployment chose shows as static, with the default behind it', () => {
    expect(entry('num.partitions')).toMatchObject({
      value: '6',
      isDefault: false,
      source: 'STATIC_BROKER_CONFIG',
      isReadOnly: true,
      synonyms: [
        { name: 'num.partitions', value: '6', source: 'STATIC_BROKER_CONFIG' },
        { name: 'num.partitions', value: '1', source: 'DEFAULT_CONFIG' },
      ],
    });
  });

  test('what is as it always is shows as default', () => {
    expect(entry('auto.create.topics.enable')).toMatchObject({ isDefault: true, source: 'DEFAULT_CONFIG' });
    expect(entry('message.max.bytes')).toMatchObject({ value: '1048588', type: 'INT', isDefault: true });
    expect(entry('log.segment.bytes')).toMatchObject({ value: '16777216' });
  });

  test('tools find the version of the protocol', () => {
    expect(entry('inter.broker.protocol.version')?.value).toMatch(/^3\.9/);
  });
});
