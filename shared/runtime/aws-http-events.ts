/**
 * The three shapes in which AWS hands an HTTP request to a function, and back: API Gateway REST (payload
 * 1.0), API Gateway HTTP (payload 2.0) and function URLs (2.0 with differences). One adapter, so that the
 * doors above it see a plain Request and know nothing of AWS.
 */
import { awsLimits } from './settings.ts';

type Texts = Readonly<Record<string, string | undefined>>;
type TextLists = Readonly<Record<string, readonly string[] | undefined>>;

/** Payload 1.0: API Gateway REST. */
export type HttpEventV1 = {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers?: Texts | null;
  readonly multiValueHeaders?: TextLists | null;
  readonly queryStringParameters?: Texts | null;
  readonly multiValueQueryStringParameters?: TextLists | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly path?: string;
    readonly stage?: string;
    readonly domainName?: string;
    readonly identity?: { readonly userArn?: string | null; readonly apiKeyId?: string | null } | null;
    readonly authorizer?: { readonly claims?: Texts | null; readonly principalId?: string } | null;
  };
};

/** Payload 2.0: API Gateway HTTP and function URLs. */
export type HttpEventV2 = {
  readonly version: '2.0';
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Texts | null;
  readonly cookies?: readonly string[] | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
  readonly requestContext: {
    readonly stage?: string;
    readonly domainName?: string;
    readonly http: { readonly method: string };
    readonly authorizer?: {
      readonly iam?: { readonly userArn?: string | null } | null;
      readonly jwt?: { readonly claims?: Texts | null } | null;
    } | null;
  };
};

export type HttpEvent = HttpEventV1 | HttpEventV2;

/** Who calls, as AWS signed it into the event's context; nothing that the client writes is believed. */
export type AwsCaller = {
  /**
   * `User:` and the ARN, the JWT's subject or the API key's id; `User:ANONYMOUS` where the door names nobody.
   */
  readonly principal: string;
};

export type ReceivedRequest = {
  readonly request: Request;
  /** Of a GET that has one: a `Request` cannot carry it. */
  readonly body?: ReadableStream<Uint8Array>;
  readonly caller: AwsCaller;
  /** The address under which the client sees the door, without a slash at the end: where links begin. */
  readonly baseUrl: string;
};

/** The answer of a function behind API Gateway or a function URL. */
export type HttpAnswer = {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
  body: string;
  isBase64Encoded: boolean;
};

/** The request cannot be expressed as one: the door answers 400 with this message. */
export class MalformedRequest extends Error {
  override name = 'MalformedRequest';
}

const isV2 = (event: HttpEvent): event is HttpEventV2 => 'rawPath' in event;

/** The event as a Request. Throws `MalformedRequest`. */
export function receive(event: HttpEvent): ReceivedRequest {
  const parts = isV2(event) ? partsOfV2(event) : partsOfV1(event);
  const headers = headersOf(parts.headers);
  const host = headers.get('host') ?? event.requestContext.domainName ?? 'localhost';
  const baseUrl = `${headers.get('x-forwarded-proto') ?? 'https'}://${host}${parts.prefix}`;
  const isGet = parts.method === 'GET' || parts.method === 'HEAD';
  const sent = bodyOf(event);
  const body = isGet ? undefined : sent;
  const beside = isGet && sent !== undefined && sent.length > 0 ? { body: streamOf(sent) } : {};
  try {
    const url = `https://${host}${safePath(parts.path)}${parts.query === '' ? '' : `?${parts.query}`}`;
    const init = { method: parts.method, headers, ...(body === undefined ? {} : { body }) };
    return { request: new Request(url, init), caller: { principal: principalOf(event) }, baseUrl, ...beside };
  } catch (error) {
    if (error instanceof MalformedRequest) throw error;
    throw new MalformedRequest(`not a request that HTTP allows: ${(error as Error).message}`);
  }
}

const streamOf = (bytes: Uint8Array): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      controller.enqueue(bytes);
      controller.close();
    },
  });

type Parts = {
  method: string;
  path: string;
  /** What the client sees before `path`: the stage. */
  prefix: string;
  query: string;
  headers: [name: string, value: string][];
};

function partsOfV1(event: HttpEventV1): Parts {
  const stage = event.requestContext.stage ?? '';
  const fullPath = event.requestContext.path ?? event.path;
  const single = Object.entries(event.headers ?? {}).map(([name, value]) => [name, [value]] as const);
  const headers = event.multiValueHeaders ? Object.entries(event.multiValueHeaders) : single;
  return {
    method: event.httpMethod,
    ...withoutStage(event.path, fullPath, stage),
    query: queryOfV1(event),
    headers: headers.flatMap(([name, values]) =>
      (values ?? []).flatMap((value): [string, string][] => (value === undefined ? [] : [[name, value]])),
    ),
  };
}

/**
 * AWS leaves the stage out of `path` and shows it in the context's path; an emulator may leave it in both.
 * Only then is it taken away: a path that merely begins with the stage's name is another path, with other
 * rights.
 */
function withoutStage(path: string, fullPath: string, stage: string): { path: string; prefix: string } {
  const stagePath = `/${stage}`;
  if (stage === '' || stage === '$default') return { path, prefix: '' };
  if (fullPath === `${stagePath}${path}`) return { path, prefix: stagePath };
  const staysInPath = path === fullPath && (path === stagePath || path.startsWith(`${stagePath}/`));
  return staysInPath
    ? { path: path.slice(stagePath.length) || '/', prefix: stagePath }
    : { path, prefix: '' };
}

/** Payload 1.0 carries the query decoded; it is written again so that every value survives. */
function queryOfV1(event: HttpEventV1): string {
  const query = new URLSearchParams();
  const many = event.multiValueQueryStringParameters;
  for (const [name, values] of Object.entries(many ?? {})) {
    for (const value of values ?? []) query.append(name, value);
  }
  if (!many) {
    for (const [name, value] of Object.entries(event.queryStringParameters ?? {}))
      query.append(name, value ?? '');
  }
  return query.toString();
}

function partsOfV2(event: HttpEventV2): Parts {
  const stage = event.requestContext.stage ?? '$default';
  const entries = Object.entries(event.headers ?? {});
  const headers = entries.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  if (event.cookies?.length) headers.push(['cookie', event.cookies.join('; ')]);
  return {
    method: event.requestContext.http.method,
    // A named stage is always part of `rawPath`.
    ...withoutStage(event.rawPath, event.rawPath, stage),
    query: (event.rawQueryString ?? '').replaceAll('#', '%23'),
    headers,
  };
}

function headersOf(entries: readonly [string, string][]): Headers {
  const headers = new Headers();
  for (const [name, value] of entries) {
    try {
      headers.append(name, value);
    } catch {
      throw new MalformedRequest(`the header ${JSON.stringify(name)} has a value that HTTP does not allow`);
    }
  }
  return headers;
}

/** Never part of an encoded path, so an encoded path stays as it is and a decoded one becomes one again. */
const notInPath = /%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/%]/gu;

/**
 * The path as a URL may hold it. HTTP APIs hand it over decoded, REST APIs and function URLs do not. Dot
 * segments, plain or escaped, are refused: IAM judged the path as it came, and the URL parser would make
 * another one of it.
 */
function safePath(path: string): string {
  const encoded = path.replace(notInPath, (character) => encodeURIComponent(character));
  const isDots = (segment: string): boolean => /^(\.|%2e){1,2}$/i.test(segment);
  if (!encoded.startsWith('/') || encoded.split('/').some(isDots)) {
    throw new MalformedRequest('the path must begin with a slash and may have no "." or ".." segment');
  }
  return encoded;
}

function bodyOf(event: HttpEvent): Buffer<ArrayBuffer> | undefined {
  if (event.body === undefined || event.body === null) return undefined;
  return Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
}

function principalOf(event: HttpEvent): string {
  const { authorizer } = event.requestContext;
  if (isV2(event)) {
    const named = event.requestContext.authorizer;
    return principal(named?.iam?.userArn ?? named?.jwt?.claims?.sub);
  }
  const { identity } = event.requestContext;
  const claims = authorizer && 'claims' in authorizer ? authorizer.claims : undefined;
  return principal(identity?.userArn ?? claims?.sub ?? identity?.apiKeyId);
}

const principal = (name: string | null | undefined): string => `User:${name ? name : 'ANONYMOUS'}`;

/** Above this, base64 is smaller for sure than a text whose every quote is escaped. */
const textBytesMax = 1_000_000;
const isTextType = /^(text\/|application\/([^;]*[+.])?(json|yaml|xml)\b)/i;

/** The Response in the shape that the event's payload version expects. */
export async function answer(event: HttpEvent, response: Response): Promise<HttpAnswer> {
  const bytes = Buffer.from(await response.arrayBuffer());
  if (bytes.length > awsLimits.answerBytesMax) return answer(event, tooLarge(bytes.length));
  const isText =
    isTextType.test(response.headers.get('content-type') ?? '') && !response.headers.has('content-encoding');
  const isBase64Encoded = bytes.length > textBytesMax || (bytes.length > 0 && !isText);
  const body = bytes.toString(isBase64Encoded ? 'base64' : 'utf8');
  const cookies = response.headers.getSetCookie();
  const headers = [...response.headers].filter(
    ([name]) => name !== 'set-cookie' && name !== 'content-length',
  );
  const common = { statusCode: response.status, body, isBase64Encoded };
  if (!isV2(event)) {
    const multiValueHeaders = Object.fromEntries(headers.map(([name, value]) => [name, [value]]));
    return {
      ...common,
      multiValueHeaders: cookies.length ? { ...multiValueHeaders, 'set-cookie': cookies } : multiValueHeaders,
    };
  }
  return { ...common, headers: Object.fromEntries(headers), ...(cookies.length ? { cookies } : {}) };
}

const tooLarge = (sizeBytes: number): Response =>
  failure(
    500,
    `the answer has ${sizeBytes} bytes; a function may send ${awsLimits.answerBytesMax}: ask for less`,
  );

const failure = (status: number, message: string): Response =>
  Response.json({ error_code: status, message }, { status, headers: { 'cache-control': 'no-store' } });

export type HttpHandlerOptions = {
  readonly serve: (received: ReceivedRequest) => Promise<Response>;
  /** Awaited when the answer is complete and before it leaves. */
  readonly afterAnswer: () => Promise<void>;
  /** Hears of what `serve` should have caught. */
  readonly failed: (error: unknown) => void;
};

/** A function's handler around whatever serves requests. */
export const httpHandler =
  ({ serve, afterAnswer, failed }: HttpHandlerOptions) =>
  async (event: HttpEvent): Promise<HttpAnswer> => {
    try {
      return await answer(event, await serve(receive(event)));
    } catch (error) {
      if (error instanceof MalformedRequest) return answer(event, failure(400, error.message));
      failed(error);
      return answer(event, failure(500, 'the server failed in a way it did not expect'));
    } finally {
      await afterAnswer();
    }
  };
