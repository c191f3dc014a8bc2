import type { Route } from './contract.ts';
import type { Caller, RestDeps } from './deps.ts';
import { badRequest, invalidPayload, unprocessable } from './errors.ts';
import { type JsonNode, JsonSyntaxError, parseJson } from './json-text.ts';
import type { Json } from './json-writer.ts';
import type { MediaType } from './negotiate.ts';

/** A request that has found its route, with what negotiation has settled. */
export type RestRequest = {
  readonly route: Route;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly contentType: MediaType | undefined;
  /** The media type of the answer. */
  readonly answerType: string;
  readonly caller: Caller;
  /** Where links begin, without a slash at the end. */
  readonly baseUrl: string;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** The whole body; at most `bodyBytesMax`. */
  text(): Promise<string>;
  /** The body as it comes, of any length. */
  pieces(): AsyncGenerator<string>;
};

export type Answer = {
  readonly status: number;
  /** JSON, or JSON values one after another as they come. */
  readonly body?: Json | ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The media type, where it is another than the negotiated one. */
  readonly type?: string;
};

export type Handler = (request: RestRequest, deps: RestDeps) => Promise<Answer>;

/** A parameter of the path; the route has it. */
export const param = (request: RestRequest, name: string): string => request.params[name] as string;

/** Reads a text as JSON, a failure as the caller's. */
export function jsonOf(text: string): JsonNode {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw badRequest(`The body is not JSON: ${error.message}.`);
    throw error;
  }
}

/** The body as JSON, which must be there. */
export async function readJson(request: RestRequest): Promise<JsonNode> {
  const text = await request.text();
  if (text.trim() === '') throw invalidPayload('The body is empty; data is required.');
  return jsonOf(text);
}

/**
 * The body in the shape that the contract says. Members that it does not name are refused as R does, with
 * 422.
 */
export async function readShaped<T>(request: RestRequest, shape: ZodLike<T>): Promise<T> {
  const node = await readJson(request);
  if (node.isNull) throw invalidPayload('The body is null; data is required.');
  const result = shape.safeParse(node.plain());
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const place = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  const message = `The body does not fit${place}: ${issue?.message ?? 'it has another shape'}.`;
  throw issue?.code === 'unrecognized_keys' ? unprocessable(message) : badRequest(message);
}

/**
 * The body in the shape that the contract says, undefined when there is none. What is missing, or is out of
 * its range, violates a constraint, which R answers with 422; another kind of JSON is 400.
 */
export async function readConstrained<T>(request: RestRequest, shape: ZodLike<T>): Promise<T | undefined> {
  const text = await request.text();
  const node = text.trim() === '' ? undefined : jsonOf(text);
  if (node === undefined || node.isNull) return undefined;
  const value = node.plain();
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path ?? [];
  const place = path.length > 0 ? ` at ${path.join('.')}` : '';
  const message = `The body does not fit${place}: ${issue?.message ?? 'it has another shape'}.`;
  const isMissing = (valueAt(value, path) ?? null) === null;
  throw isMissing || constraints.has(issue?.code ?? '') ? unprocessable(message) : badRequest(message);
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((inside, name) => (inside as Record<PropertyKey, unknown> | null | undefined)?.[name], value);

const constraints: ReadonlySet<string> = new Set(['unrecognized_keys', 'too_small', 'too_big']);

/** The same of a body that must be there. */
export async function readRequired<T>(request: RestRequest, shape: ZodLike<T>): Promise<T> {
  const body = await readConstrained(request, shape);
  if (body === undefined) throw invalidPayload('The body is empty; data is required.');
  return body;
}

type Issue = { readonly code?: string; readonly path: readonly PropertyKey[]; readonly message: string };
type ZodLike<T> = {
  safeParse(
    value: unknown,
  ): { success: true; data: T } | { success: false; error: { issues: readonly Issue[] } };
};
