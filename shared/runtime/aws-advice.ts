/** Something in AWS that is needed and cannot be used: what, and what to do next. */
export class AwsNotUsable extends Error {
  override name = 'AwsNotUsable';
  readonly next: string;

  constructor(message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.next = next;
  }
}

/** What helps where there are no credentials, or AWS does not know them. */
export const logIn =
  'Log in as for the AWS CLI (`aws login`, `aws sso login`, AWS_ACCESS_KEY_ID …), or name a profile (AWS_PROFILE).';

/** AWS's names for credentials that it does not take, whatever they would be allowed. */
const notKnown = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'ExpiredToken',
  'ExpiredTokenException',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'IncompleteSignature',
  'AuthFailure',
]);
const notFound = new Set(['CredentialsProviderError', 'TokenProviderError']);
const notAllowed = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'Forbidden']);

/** Whether AWS knows who calls, and does not let them. */
export const isNotAllowed = (error: unknown): boolean => error instanceof Error && notAllowed.has(error.name);

/** What to do about a call to AWS that failed. `right`: what the caller must be allowed, as IAM calls it. */
export function adviceOf(error: unknown, right: string): string {
  const {
    name = '',
    message = '',
    code = '',
  } = (error ?? {}) as {
    name?: string;
    message?: string;
    code?: string;
  };
  if (notFound.has(name) || notKnown.has(name)) return logIn;
  if (isNotAllowed(error)) return `Whoever calls needs the right ${right}.`;
  if (name === 'ResourceNotFoundException') return 'Is its name right, and the region (--region)?';
  if (message.startsWith('Region is missing')) return 'Name the region with --region or AWS_REGION.';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'Is the network there, and the region one of AWS?';
  if (code === 'ECONNREFUSED') return 'Does AWS_ENDPOINT_URL name an emulator that does not run?';
  return 'Try again; if it stays so, check the region (--region) and the credentials.';
}
