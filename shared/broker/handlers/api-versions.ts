import { kafkaErrors } from '../../kafka/error-codes.ts';
import { type Handler, noError } from '../handler.ts';
import { servedApis } from '../served-apis.ts';

const softwareWord = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/; // KIP-511

/** ApiVersions v0–4. Announces what has a handler; no finalized features. */
export const apiVersions: Handler<'ApiVersions'> = async (_broker, request, { version }) => {
  const { clientSoftwareName, clientSoftwareVersion } = request;
  const isNamed = softwareWord.test(clientSoftwareName) && softwareWord.test(clientSoftwareVersion);
  if (version >= 3 && !isNamed) return { errorCode: kafkaErrors.INVALID_REQUEST.code, apiKeys: [] };
  return { errorCode: noError, apiKeys: servedApis() };
};
