import { CommandFailure, messageOf } from '../failure.ts';

/** A call to the HTTP door that did not answer what was asked. */
export class DoorFailure extends CommandFailure {
  override name = 'DoorFailure';
  /** The HTTP status, undefined when no answer came. */
  readonly status: number | undefined;
  /** `error_code` of the answer. */
  readonly code: number | undefined;

  constructor(message: string, next: string | undefined, status?: number, code?: number, cause?: unknown) {
    super(message, next, cause);
    this.status = status;
    this.code = code;
  }

  /** May go away by itself: no answer, too much at once, or a fault of the server. */
  get isPassing(): boolean {
    return this.status === undefined ? isPassingCause(this.cause) : this.status === 429 || this.status >= 500;
  }
}

/** Named in no address: these do not go away by waiting. */
const lastingCauses = new Set(['ENOTFOUND', 'ERR_INVALID_URL', 'ERR_TLS_CERT_ALTNAME_INVALID']);
const isPassingCause = (cause: unknown): boolean => cause !== undefined && !lastingCauses.has(codeOf(cause));

export const startOne = 'Start one with `npx millrace serve`, or name another with --url or MILLRACE_URL.';

/** The failure of a call that got no answer, in words for the user. */
export function noAnswer(address: string, error: unknown): DoorFailure {
  const cause = causeOf(error);
  const reasons: Record<string, readonly [message: string, next: string]> = {
    ECONNREFUSED: [`Nothing listens on ${address}.`, startOne],
    ENOTFOUND: [`There is no host of the name in ${address}.`, startOne],
    EAI_AGAIN: [`The host in ${address} cannot be looked up.`, 'Is the network there?'],
    ECONNRESET: [`${address} closed the connection.`, 'It may be starting again: try once more.'],
    UND_ERR_SOCKET: [`${address} closed the connection.`, 'It may be starting again: try once more.'],
    TimeoutError: [`${address} did not answer in time.`, 'Try again, or wait longer with --timeout.'],
    EPROTO: [`${address} does not speak TLS.`, 'Write http:// instead of https:// if it is a local one.'],
    ERR_SSL_WRONG_VERSION_NUMBER: [
      `${address} does not speak TLS.`,
      'Write http:// instead of https:// if it is a local one.',
    ],
  };
  const [message, next] = reasons[codeOf(cause)] ?? [
    `${address} cannot be reached: ${messageOf(cause)}.`,
    startOne,
  ];
  return new DoorFailure(message, next, undefined, undefined, cause);
}

/** `fetch` hides what happened below it; an address with several machines has several causes. */
function causeOf(error: unknown): unknown {
  let cause = error;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause instanceof AggregateError && cause.errors.length > 0 ? cause.errors[0] : cause;
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** The failure that an answer of an error status says. `isSigned`: the call carried a signature. */
export function failureOf(address: string, status: number, text: string, isSigned: boolean): DoorFailure {
  const { code, message } = errorBodyOf(text);
  if (code !== undefined) return new DoorFailure(message, nextByCode[code], status, code);
  if (status === 401 || status === 403) {
    const next = isSigned ? nextOfRefused(message) : unsigned;
    return new DoorFailure(`${address} refuses the call (${status}): ${message}`, next, status);
  }
  const next = 'Is this the address of a Millrace HTTP door (not of its Kafka port)?';
  return new DoorFailure(`${address} answered ${status}: ${message}`, next, status);
}

const unsigned = 'A door on AWS wants a signature: add --iam, or name the stack with --stack.';

/** What API Gateway and function URLs say of a signature that they do not take, whatever its owner may do. */
function nextOfRefused(message: string): string {
  if (/scoped to/.test(message)) return 'The door is in another region: name it with --region.';
  if (/security token|signature/i.test(message))
    return 'AWS does not know these credentials (any more): log in again, or name others with --profile.';
  return 'The credentials need the right to call this door: see grantProduce, grantConsume and grantManage.';
}

const nextByCode: Readonly<Record<number, string | undefined>> = {
  40401: '`npx millrace topics list` names those there are; `npx millrace topics create` makes one.',
  40403: '`npx millrace topics list` names those there are; `npx millrace topics create` makes one.',
  429: 'Too much at once: try again in a moment.',
  504: 'The outcome is not known: look, then try again.',
};

/** The door's own error, or what somebody in front of it says (API Gateway's `message`, a page). */
function errorBodyOf(text: string): { readonly code?: number; readonly message: string } {
  try {
    const body = JSON.parse(text) as { error_code?: unknown; message?: unknown; Message?: unknown };
    const message = String(body.message ?? body.Message ?? shortened(text));
    return typeof body.error_code === 'number' ? { code: body.error_code, message } : { message };
  } catch {
    return { message: shortened(text) };
  }
}

const shortened = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, 200) || 'nothing';

/** The answer is none that the API document allows. */
export const notMillrace = (address: string, cause: unknown): DoorFailure =>
  new DoorFailure(
    `${address} does not answer as Millrace does.`,
    'Is this the address of a Millrace HTTP door, of a version like this one?',
    undefined,
    undefined,
    cause instanceof Error ? undefined : cause,
  );
