import type { ResponseOf } from '../../protocol/messages/index.ts';
import { repeated } from '../answer-each.ts';
import { codeOf, type Handler, noError } from '../handler.ts';

type UserAnswer = ResponseOf<'DescribeUserScramCredentials'>['results'][number];

/** DescribeUserScramCredentials v0. Nobody logs in yet: there are no credentials. */
export const describeUserScramCredentials: Handler<'DescribeUserScramCredentials'> = async (
  _broker,
  { users },
) => {
  const names = (users ?? []).map(({ name }) => name);
  const twice = repeated(names);
  const results = [...new Set(names)].map((user): UserAnswer => {
    const error = twice.has(user) ? 'DUPLICATE_RESOURCE' : 'RESOURCE_NOT_FOUND';
    const errorMessage = twice.has(user) ? 'The user is named twice.' : 'The user has no credentials.';
    return { user, errorCode: codeOf(error), errorMessage, credentialInfos: [] };
  });
  return { errorCode: noError, errorMessage: null, results };
};
