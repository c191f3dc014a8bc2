import { Hono } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import { isKafkaError } from '../kafka/error-codes.ts';
import { answerResponse, type Negotiated } from './answer.ts';
import { baseUrlOf } from './base-url.ts';
import { isV3Path, type Method, type Operation, type Route, routes } from './contract.ts';
import { corsHeaders, preflight } from './cors.ts';
import type { Caller, RestDeps } from './deps.ts';
import {
  notAcceptable,
  notFound,
  RestError,
  restErrorOf,
  serverFailed,
  unsupportedMediaType,
} from './errors.ts';
import { handlers } from './handlers.ts';
import { mediaTypes, negotiate, parseMediaType } from './negotiate.ts';
import { charsetOf, readBodyPieces, readBodyText } from './request-body.ts';
import type { Answer, Handler, RestRequest } from './rest-request.ts';

export type RestApp = {
  /**
   * Serves one request. Never rejects: what goes wrong is an answer. `body`: of a GET that has one, which a
   * `Request` cannot carry.
   */
  fetch(request: Request, caller?: Caller, body?: RequestBody): Promise<Response>;
};

const anonymous: Caller = { principal: 'User:ANONYMOUS' };

/** The HTTP door: the same function behind a server, in a Lambda function and in tests. */
export function createRestApp(deps: RestDeps): RestApp {
  const router = routerOf(deps);
  return {
    fetch: async (request, caller = anonymous, body = () => request.body) => {
      const cors = corsHeaders(request.headers, deps.settings.corsOrigins);
      const response = preflight(request, cors) ?? (await router.fetch(request, { caller, body }));
      for (const [name, value] of Object.entries(cors)) response.headers.set(name, value);
      return response;
    },
  };
}

/** Called when the body is read, which not every route does. */
export type RequestBody = () => ReadableStream<Uint8Array> | null;

type Env = { Bindings: Sent };

/** What comes with a request. */
type Sent = { readonly caller: Caller; readonly body: RequestBody };

/** A letter, digit, mark or colon, which means the same when it is not encoded (RFC 3986, 6.2.2.2). */
const encodedForNothing = /%(?:2d|2e|3[0-9a]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi;

/** Else paths stay encoded until a parameter is taken, so that an encoded slash is part of a name. */
function pathOf({ url }: Request): string {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const end = url.slice(start).search(/[?#]/);
  const sent = url.slice(start, end < 0 ? undefined : start + end);
  const path = sent.includes('%') ? sent.replace(encodedForNothing, decodeURIComponent) : sent;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

const parameterCount = ({ path }: Route): number => path.split('{').length;

function routerOf(deps: RestDeps): Hono<Env> {
  const hono = new Hono<Env>({ router: new TrieRouter(), getPath: pathOf });
  const inOrder = (Object.entries(routes) as [Operation, Route][]).sort(
    ([, a], [, b]) => parameterCount(a) - parameterCount(b),
  );
  const methods = new Map<string, Method[]>();
  for (const [operation, route] of inOrder) {
    const path = route.path.replaceAll(/\{([^}]+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), route.method]);
    hono.on(route.method, path, (context) =>
      serve(deps, route, handlers[operation], context.req.raw, context.req.param(), context.env),
    );
  }
  for (const [path, allowed] of methods) {
    hono.all(path, ({ req }) => wrongMethod(req.raw, allowed));
  }
  hono.notFound(({ req }) => errorResponse(req.raw, notFound('There is nothing at this path.')));
  hono.onError((error, { req }) => {
    deps.log.error('a request could not be routed', { error });
    return errorResponse(req.raw, serverFailed());
  });
  return hono;
}

function wrongMethod(request: Request, allowed: readonly Method[]): Promise<Response> | Response {
  const allow = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } });
  return errorResponse(request, new RestError(405, 405, `${request.method} is not served here.`, { allow }));
}

/** An error of a request that has no route, so that nothing is negotiated for it. */
const errorResponse = (request: Request, error: RestError): Promise<Response> =>
  answerResponse(error, { answerType: mediaTypes.json, headers: request.headers });

async function serve(
  deps: RestDeps,
  route: Route,
  handler: Handler,
  raw: Request,
  params: Record<string, string>,
  sent: Sent,
): Promise<Response> {
  const accepted = negotiate(route.answers, raw.headers.get('accept'));
  const negotiated: Negotiated = { answerType: accepted ?? mediaTypes.json, headers: raw.headers };
  try {
    const request = restRequest(deps, route, raw, params, sent, negotiated.answerType);
    if (route.refusesHead && raw.method === 'HEAD') throw new RestError(405, 405, 'HEAD is not served here.');
    if (accepted === undefined) throw notAccepted(route, raw);
    const answer = await handled(handler, request, deps);
    return await answerResponse(answer, { ...negotiated, answerType: answer.type ?? negotiated.answerType });
  } catch (error) {
    const dialect = isV3Path(route.path) ? 'v3' : 'v2';
    const known = restErrorOf(error, dialect, params.topic ?? params.topic_name);
    if (!known || known.status === 500) deps.log.error('a request failed', { path: route.path, error });
    return answerResponse(known ?? serverFailed(), negotiated);
  }
}

/** Formats that need a schema registry are known, but an instance never has them. */
function notAccepted({ answers, schemaFormatCode }: Route, { headers }: Request): RestError {
  const isSchemaFormat = /vnd\.kafka\.(?:avro|protobuf|jsonschema)\./i.test(headers.get('accept') ?? '');
  return notAcceptable(
    `What can be answered is ${answers.join(', ')}.`,
    isSchemaFormat ? schemaFormatCode : undefined,
  );
}

/**
 * A partition that is gone may belong to a topic that another process has deleted and made again: then what
 * is remembered of it is dropped, and a call that changes nothing is made a second time.
 */
async function handled(handler: Handler, request: RestRequest, deps: RestDeps): Promise<Answer> {
  try {
    return await handler(request, deps);
  } catch (error) {
    const name = request.params.topic ?? request.params.topic_name;
    if (name === undefined || !isKafkaError(error, 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    deps.topics.forget(name);
    if (request.route.method !== 'GET') throw error;
    return handler(request, deps);
  }
}

/** Throws 415 or 400 when the body is of a kind that the route does not read. */
function restRequest(
  { settings }: RestDeps,
  route: Route,
  raw: Request,
  params: Record<string, string>,
  { caller, body }: Sent,
  answerType: string,
): RestRequest {
  const contentType = parseMediaType(raw.headers.get('content-type') ?? '');
  const mayLack = route.request?.isOptional === true && !raw.headers.has('content-type');
  if (route.request && !mayLack) {
    if (!route.request.types.includes(contentType?.name ?? '')) {
      throw unsupportedMediaType(`What is read here is ${route.request.types.join(', ')}.`);
    }
    charsetOf(contentType);
  }
  return {
    route,
    params,
    get query() {
      return new URL(raw.url).searchParams;
    },
    headers: raw.headers,
    contentType,
    answerType,
    caller,
    get baseUrl() {
      return baseUrlOf(raw, caller);
    },
    get signal() {
      return raw.signal;
    },
    text: () => readBodyText({ headers: raw.headers, body: body() }, contentType, settings.bodyBytesMax),
    pieces: () => readBodyPieces({ headers: raw.headers, body: body() }, contentType),
  };
}
