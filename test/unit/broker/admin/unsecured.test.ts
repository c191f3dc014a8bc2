import { describe, expect, test } from 'vitest';
import { alterUserScramCredentials } from '../../../../shared/protocol/messages/alter-user-scram-credentials.ts';
import { createAcls } from '../../../../shared/protocol/messages/create-acls.ts';
import { deleteAcls } from '../../../../shared/protocol/messages/delete-acls.ts';
import { describeAcls } from '../../../../shared/protocol/messages/describe-acls.ts';
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
