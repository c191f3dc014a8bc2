import { describe, expect, test } from 'vitest';
import type { KafkaErrorName } from '../../../../shared/kafka/error-codes.ts';
import { alterClientQuotas } from '../../../../shared/protocol/messages/alter-client-quotas.ts';
import { alterUserScramCredentials } from '../../../../shared/protocol/messages/alter-user-scram-credentials.ts';
import { createAcls } from '../../../../shared/protocol/messages/create-acls.ts';
import { deleteAcls } from '../../../../shared/protocol/messages/delete-acls.ts';
import { describeAcls } from '../../../../shared/protocol/messages/describe-acls.ts';
import { describeClientQuotas } from '../../../../shared/protocol/messages/describe-client-quotas.ts';
import { describeTransactions } from '../../../../shared/protocol/messages/describe-transactions.ts';
import { describeUserScramCredentials } from '../../../../shared/protocol/messages/describe-user-scram-credentials.ts';
import { listTransactions } from '../../../../shared/protocol/messages/list-transactions.ts';
import { call } from '../../../support/broker-engine.ts';
import { brokerInMemory, code, ends, none } from './admin-bench.ts';

const broker = brokerInMemory();
const disabled = { errorCode: code('SECURITY_DISABLED'), errorMessage: expect.stringMatching(/\w/) };

describe('ACLs', () => {
  const acl = { principal: 'User:x', host: '*', operation: 3, permissionType: 3 };

  test.each(ends(describeAcls))('DescribeAcls v%i: they are switched off', async (version) => {
    const filter = {
      resourceTypeFilter: 1,
      resourceNameFilter: null,
      patternTypeFilter: 1,
      principalFilter: null,
      hostFilter: null,
      operation: 1,
      permissionType: 1,
    };
    expect(await call(broker(), describeAcls, version, filter)).toMatchObject({ ...disabled, resources: [] });
  });

  test.each(ends(createAcls))('CreateAcls v%i refuses each by itself', async (version) => {
    const creations = ['a', 'b'].map((resourceName) => ({ resourceType: 2, resourceName, ...acl }));
    const { results } = await call(broker(), createAcls, version, { creations });
    expect(results).toMatchObject([disabled, disabled]);
  });

  test.each(ends(deleteAcls))('DeleteAcls v%i refuses each filter by itself', async (version) => {
    const { principal: principalFilter, host: hostFilter, ...rest } = acl;
    const filter = { resourceTypeFilter: 2, resourceNameFilter: 'a', principalFilter, hostFilter, ...rest };
    const { filterResults } = await call(broker(), deleteAcls, version, { filters: [filter, filter] });
    expect(filterResults).toMatchObject([
      { ...disabled, matchingAcls: [] },
      { ...disabled, matchingAcls: [] },
    ]);
  });
});

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

  test.each(ends(alterClientQuotas))(
    'AlterClientQuotas v%i: nothing is removed, nothing can be set',
    async (v) => {
      const other: Entity = [{ entityType: 'client-id', entityName: null }];
      const answers = await alter(
        [
          { entity: user, ops: [removal] },
          { entity: other, ops: [rate(1000)] },
          { entity: address, ops: [rate(5, 'connection_creation_rate')] },
        ],
        v,
      );
      const refused = code('POLICY_VIOLATION');
      expect(answers.map(({ errorCode }) => errorCode)).toEqual([none, refused, refused]);
      expect(answers.map(({ entity }) => entity)).toEqual([user, other, address]);
      expect(await find([])).toMatchObject({ entries: [] });
    },
  );

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

describe('SCRAM credentials', () => {
  const of = (users: readonly string[] | null) =>
    call(broker(), describeUserScramCredentials, 0, { users: users?.map((name) => ({ name })) ?? null });

  test('nobody has any', async () => {
    for (const users of [null, []]) expect(await of(users)).toMatchObject({ errorCode: none, results: [] });
    const { errorCode, results } = await of(['u', 'v', 'v']);
    expect(errorCode).toBe(none);
    expect(results.map((result) => [result.user, result.errorCode])).toEqual([
      ['u', code('RESOURCE_NOT_FOUND')],
      ['v', code('DUPLICATE_RESOURCE')],
    ]);
  });

  type Upsertion = { name: string; mechanism?: number; iterations?: number };
  const alter = async (
    deletions: readonly { name: string; mechanism: number }[],
    upsertions: Upsertion[],
  ) => {
    const bytes = new Uint8Array(8);
    const { results } = await call(broker(), alterUserScramCredentials, 0, {
      deletions,
      upsertions: upsertions.map((one) => ({
        mechanism: 1,
        iterations: 4096,
        salt: bytes,
        saltedPassword: bytes,
        ...one,
      })),
    });
    return results.map(({ user, errorCode }) => [user, errorCode]);
  };

  test('none can be deleted that is not there, none be set where nobody logs in', async () => {
    const deletions = [
      { name: 'a', mechanism: 1 },
      { name: 'b', mechanism: 9 },
      { name: '', mechanism: 2 },
    ];
    expect(await alter(deletions, [{ name: 'c' }, { name: 'd', mechanism: 2 }])).toEqual([
      ['a', code('RESOURCE_NOT_FOUND')],
      ['b', code('UNSUPPORTED_SASL_MECHANISM')],
      ['', code('UNACCEPTABLE_CREDENTIAL')],
      ['c', code('SECURITY_DISABLED')],
      ['d', code('SECURITY_DISABLED')],
    ]);
  });

  test('what is not sound is refused as such, each user once', async () => {
    const upsertions = [
      { name: 'few', iterations: 4095 },
      { name: 'many', iterations: 16_385 },
      { name: 'other', mechanism: 3 },
      { name: 'twice' },
      { name: 'twice' },
      { name: '' },
    ];
    expect(await alter([], upsertions)).toEqual([
      ['few', code('UNACCEPTABLE_CREDENTIAL')],
      ['many', code('UNACCEPTABLE_CREDENTIAL')],
      ['other', code('UNSUPPORTED_SASL_MECHANISM')],
      ['twice', code('DUPLICATE_RESOURCE')],
      ['', code('UNACCEPTABLE_CREDENTIAL')],
    ]);
  });
});

describe('transactions', () => {
  test.each(ends(listTransactions))(
    'ListTransactions v%i: none, and it says which states there are not',
    async (v) => {
      const body = { stateFilters: ['Ongoing', 'Nosuch', 'Dead'], producerIdFilters: [1n] };
      const answer = await call(broker(), listTransactions, v, body);
      expect(answer).toMatchObject({
        errorCode: none,
        unknownStateFilters: ['Nosuch'],
        transactionStates: [],
      });
    },
  );

  test('DescribeTransactions: no transactional id is known, and an empty one is refused', async () => {
    const body = { transactionalIds: ['x', ''] };
    const { transactionStates } = await call(broker(), describeTransactions, 0, body);
    expect(transactionStates.map(({ transactionalId, errorCode }) => [transactionalId, errorCode])).toEqual([
      ['x', code('TRANSACTIONAL_ID_NOT_FOUND')],
      ['', code('INVALID_REQUEST')],
    ]);
  });
});
