import type * as z from 'zod';
import { mediaTypes } from './negotiate.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export type QueryParameter = {
  readonly name: string;
  readonly isRequired?: boolean;
  readonly type: 'string' | 'integer';
  readonly description: string;
};

export type HeaderParameter = { readonly name: string; readonly description: string };

export type Route = {
  readonly method: Method;
  /** With `{parameters}`, as OpenAPI writes paths. */
  readonly path: string;
  readonly summary: string;
  readonly query?: readonly QueryParameter[];
  readonly headers?: readonly HeaderParameter[];
  readonly request?: {
    /** Content types that are read. */
    readonly types: readonly string[];
    /** A request without body, and without content type, is served too. */
    readonly isOptional?: boolean;
    readonly shape: z.ZodType;
  };
  /** Media types that an answer may have, the default first. */
  readonly answers: readonly string[];
  /** The code of 406 for a known format that needs a schema registry; default 406. */
  readonly schemaFormatCode?: number;
  /** What is answered but for errors, by status; undefined has no body. */
  readonly responses: Readonly<Record<number, z.ZodType | undefined>>;
  /** Statuses of errors that are this route's own; 404, 405, 406, 429, 500, 503 and 504 can always come. */
  readonly errors?: readonly number[];
};

export const v2Answers = [
  mediaTypes.v2,
  mediaTypes.json,
  mediaTypes.kafka,
  mediaTypes.v2Json,
  mediaTypes.v2Binary,
  mediaTypes.v2Text,
];
export const recordAnswers = [
  mediaTypes.v2Binary,
  mediaTypes.v2Json,
  mediaTypes.v2Text,
  mediaTypes.json,
  mediaTypes.v2,
];
export const dataTypes = [mediaTypes.v2Binary, mediaTypes.v2Json, mediaTypes.v2Text, mediaTypes.json];
export const json = [mediaTypes.json];

export const v2 = (method: Method, path: string, summary: string, answer: z.ZodType): Route => ({
  method,
  path,
  summary,
  answers: v2Answers,
  responses: { 200: answer },
});

export const v3 = (path: string, summary: string, answer: z.ZodType): Route => ({
  method: 'GET',
  path,
  summary,
  answers: json,
  responses: { 200: answer },
});

export const v3Change = (
  method: Method,
  path: string,
  summary: string,
  request: z.ZodType,
  responses: Route['responses'],
): Route => ({
  method,
  path,
  summary,
  request: { types: json, shape: request },
  answers: json,
  responses,
  errors: [400, 413, 415, 422],
});

export const v3Delete = (path: string, summary: string): Route => ({
  method: 'DELETE',
  path,
  summary,
  answers: json,
  responses: { 204: undefined },
});
