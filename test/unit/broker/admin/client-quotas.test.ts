import { describe, expect, test } from 'vitest';
import type { KafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { alterClientQuotas } from '../../../../shared/protocol/messages/alter-client-quotas.ts';
import { describeClientQuotas } from '../../../../shared/protocol/messages/describe-client-quotas.ts';
import { call } from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const broker = brokerInMemory();

describe('client quotas', () => {
  type Component = { entityType: string; matchType: number; match: string | null };
  const ofAny = (entityType: string): Component => ({ entityType, matchType: 2, match: null });
  const find = (components: readonly Component[], version = 1) =>
    call(broker(), describeClientQuotas, version, { components, strict: false });

  test.each(ends(describeClientQuotas))('DescribeClientQuotas v%i: there are none', async (version) => {
    for (const components of [[], [ofAny('user'), { ...ofAny('client-id'), matchType: 1 }]]) {
      const answer = await find(components, version);
      expect(answer).toMatchObject({ errorCode: none, errorMessage: null, entries: [] });
    }
  });

  test.each<[KafkaErrorName, string, readonly Component[]]>([
    ['INVALID_REQUEST', 'an empty type', [ofAny('')]],
    ['UNSUPPORTED_VERSION', 'an unknown type', [ofAny('planet')]],
    ['INVALID_REQUEST', 'a type twice', [ofAny('user'), ofAny('user')]],
    ['INVALID_REQUEST', 'an exact match of nothing', [{ ...ofAny('user'), matchType: 0 }]],
    ['INVALID_REQUEST', 'a default with a name', [{ entityType: 'user', matchType: 1, match: 'u' }]],
    ['INVALID_REQUEST', 'an unknown match', [{ ...ofAny('user'), matchType: 9 }]],
    ['INVALID_REQUEST', 'an address beside a user', [ofAny('user'), ofAny('ip')]],
  ])('%s refuses a filter with %s', async (error, _what, components) => {
    expect(await find(components)).toMatchObject({ errorCode: code(error), entries: null });
  });

  type Entity = { entityType: string; entityName: string | null }[];
  type Op = { key: string; value: number; remove: boolean };
  const user: Entity = [{ entityType: 'user', entityName: 'u' }];
  const address: Entity = [{ entityType: 'ip', entityName: '10.0.0.1' }];
  const rate = (value: number, key = 'producer_byte_rate'): Op => ({ key, value, remove: false });
  const removal: Op = { key: 'producer_byte_rate', value: 0, remove: true };
  const alter = async (entries: readonly { entity: Entity; ops: readonly Op[] }[], version = 1) =>
    (await call(broker(), alterClientQuotas, version, { entries, validateOnly: false })).entries;

  test.each(ends(alterClientQuotas))('AlterClientQuotas v%i: what is set is found', async (v) => {
    const other: Entity = [{ entityType: 'client-id', entityName: null }];
    const answers = await alter(
      [
        { entity: user, ops: [removal] },
        { entity: other, ops: [rate(1000), rate(12.5, 'request_percentage')] },
        { entity: address, ops: [rate(5, 'connection_creation_rate')] },
      ],
      v,
    );
    expect(answers.map(({ errorCode }) => errorCode)).toEqual([none, none, none]);
    expect(answers.map(({ entity }) => entity)).toEqual([user, other, address]);
    const values = [
      { key: 'producer_byte_rate', value: 1000 },
      { key: 'request_percentage', value: 12.5 },
    ];
    const ofAddress = { entity: address, values: [{ key: 'connection_creation_rate', value: 5 }] };
    expect((await find([])).entries).toEqual([{ entity: other, values }, ofAddress]);
    expect((await find([ofAny('ip')])).entries).toEqual([ofAddress]);
    expect((await find([{ entityType: 'client-id', matchType: 1, match: null }])).entries).toHaveLength(1);
    expect((await find([{ entityType: 'client-id', matchType: 0, match: 'x' }])).entries).toEqual([]);
    const removed = [{ entity: other, ops: [removal, { ...removal, key: 'request_percentage' }] }];
    await alter([...removed, { entity: address, ops: [{ ...removal, key: 'connection_creation_rate' }] }], v);
    expect((await find([])).entries).toEqual([]);
  });

  test('a strict filter wants no other part; one that is not strict takes more', async () => {
    const both: Entity = [...user, { entityType: 'client-id', entityName: 'c' }];
    await alter([
      { entity: both, ops: [rate(10)] },
      { entity: user, ops: [rate(20)] },
    ]);
    const exact = { entityType: 'user', matchType: 0, match: 'u' };
    const rates = async (components: readonly Component[], strict: boolean) => {
      const filter = { components, strict };
      const { entries } = await call(broker(), describeClientQuotas, 1, filter);
      return entries?.map(({ values }) => values[0]?.value).sort();
    };
    expect(await rates([exact], false)).toEqual([10, 20]);
    expect(await rates([exact], true)).toEqual([20]);
    expect(await rates([], true)).toEqual([]);
    await alter([both, user].map((entity) => ({ entity, ops: [removal] })));
  });

  test('validate_only changes nothing', async () => {
    const entries = [{ entity: user, ops: [rate(10)] }];
    const answer = await call(broker(), alterClientQuotas, 1, { entries, validateOnly: true });
    expect(answer.entries).toMatchObject([{ errorCode: none }]);
    expect((await find([])).entries).toEqual([]);
  });

  test('an entity whose name is too long to be kept is refused', async () => {
    const entity: Entity = [{ entityType: 'user', entityName: 'u'.repeat(1_000) }];
    expect(await alter([{ entity, ops: [rate(10)] }])).toMatchObject([
      { errorCode: code('INVALID_REQUEST') },
    ]);
  });

  test.each<[string, Entity, readonly Op[]]>([
    ['an empty entity', [], []],
    ['an unknown entity type', [{ entityType: 'planet', entityName: 'x' }], []],
    ['an empty name', [{ entityType: 'user', entityName: '' }], []],
    ['two users', [...user, { entityType: 'user', entityName: 'v' }], []],
    ['an address beside a user', [...user, ...address], []],
    ['no address', [{ entityType: 'ip', entityName: 'not an address' }], []],
    ['an unknown key', user, [rate(1, 'speed')]],
    ['a key of addresses', user, [rate(1, 'connection_creation_rate')]],
    ['a key of users', address, [rate(1)]],
    ['a fraction of a byte', user, [rate(1.5)]],
    ['a negative rate', user, [rate(-1)]],
    ['no number', user, [rate(Number.NaN)]],
    ['a key twice', user, [rate(1), rate(2)]],
  ])('INVALID_REQUEST refuses %s, not the neighbour', async (_what, entity, ops) => {
    const neighbour: Entity = [{ entityType: 'client-id', entityName: 'neighbour' }];
    const answers = await alter([
      { entity, ops },
      { entity: neighbour, ops: [removal] },
    ]);
    expect(answers).toMatchObject([{ errorCode: code('INVALID_REQUEST'), entity }, { errorCode: none }]);
  });

  test('an entity named twice is refused at both places, in whichever order its parts stand', async () => {
    const client = { entityType: 'client-id', entityName: 'c' };
    const answers = await alter([
      { entity: [...user, client], ops: [removal] },
      { entity: [client, ...user], ops: [removal] },
    ]);
    expect(answers.map(({ errorCode }) => errorCode)).toEqual(Array(2).fill(code('INVALID_REQUEST')));
  });
});
