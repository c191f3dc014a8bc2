import * as z from 'zod';
import { type Route, routes } from './contract.ts';
import { errorAnswer, shapes } from './contract-shapes.ts';

type Part = Record<string, unknown>;

const refTo = (id: string): string => `#/components/schemas/${id}`;

/** The name of a shape in the document; every shape of the contract has one. */
function ref(shape: z.ZodType): Part {
  return { $ref: refTo(shapes.get(shape)?.id as string) };
}

/** The largest numbers that are exact here are no rule of the interface. */
function withoutBounds(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutBounds);
  if (typeof schema !== 'object' || schema === null) return schema;
  const kept = Object.entries(schema).filter(
    ([, value]) => !(typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER),
  );
  return Object.fromEntries(kept.map(([name, value]) => [name, withoutBounds(value)]));
}

/** A shape as a component of the document, where its name is its key. */
function component({ $schema: _dialect, $id: _address, id: _name, ...schema }: Part): unknown {
  return withoutBounds(schema);
}

const content = (types: readonly string[], shape: z.ZodType): Part =>
  Object.fromEntries(types.map((type) => [type, { schema: ref(shape) }]));

const reasons: Readonly<Record<number, string>> = {
  200: 'Done.',
  201: 'Created.',
  204: 'Done; there is nothing to say.',
  207: 'What became of each entry.',
  400: 'The request cannot be read, or Kafka refuses what it asks for (40002).',
  401: 'The caller is not known (40101).',
  403: 'The caller may not do this (40301).',
  404: 'There is no such thing: topic 40401 (v3: 40403), partition 40402, consumer instance 40403.',
  405: 'The path is there, but not for this method.',
  406: 'No media type that Accept names can be answered, or it is not of the instance (40601).',
  409:
    'Producer: 40911 out of sequence, 40912 a newer epoch is known, 40913 stored already, long ago. Consumer: ' +
    '40902 the name is taken, 40903 its state does not allow it. Group: 40968 it is not empty.',
  413: 'The body, a record or a whole answer is too large.',
  415: 'The content type or content encoding is not read.',
  422: 'The body is JSON but not what is asked for, or stored bytes are not of the format.',
  429: 'The store takes no more at the moment; nothing was changed.',
  500: 'The server failed in a way it did not expect.',
  503: 'The store cannot be reached; nothing was changed (50302).',
  504: 'It may have happened or not: the answer of the store was lost.',
};

const generalErrors = [404, 405, 406, 429, 500, 503, 504];

function responsesOf(route: Route): Part {
  const ok = Object.entries(route.responses).map(([status, shape]): [string, Part] => [
    status,
    {
      description: reasons[Number(status)],
      ...(shape ? { content: content(route.answers, shape) } : {}),
    },
  ]);
  const errorTypes = [...new Set([...route.answers, 'application/json'])];
  const errors = [...new Set([...(route.errors ?? []), ...generalErrors])]
    .sort((a, b) => a - b)
    .map((status): [string, Part] => [
      String(status),
      { description: reasons[status], content: content(errorTypes, errorAnswer) },
    ]);
  return Object.fromEntries([...ok, ...errors]);
}

const integers = new Set(['partition', 'partition_id', 'broker_id']);

function parametersOf(route: Route): Part[] {
  const inPath = [...route.path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: integers.has(name as string) ? 'integer' : 'string' },
  }));
  const inQuery = (route.query ?? []).map(({ name, isRequired, type, description }) => ({
    name,
    in: 'query',
    required: isRequired ?? false,
    description,
    schema: { type },
  }));
  const inHeader = (route.headers ?? []).map(({ name, description }) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  }));
  return [...inPath, ...inQuery, ...inHeader];
}

function operationOf(operationId: string, route: Route): Part {
  const { request } = route;
  return {
    operationId,
    summary: route.summary,
    tags: [route.path.startsWith('/v3') ? 'v3' : 'v2'],
    parameters: parametersOf(route),
    ...(request
      ? {
          requestBody: {
            required: request.isOptional !== true,
            content: content(request.types, request.shape),
          },
        }
      : {}),
    responses: responsesOf(route),
  };
}

/** The API document, OpenAPI 3.1, made of the contract alone. */
export function openApiDocument(): Part {
  const paths: Record<string, Part> = {};
  for (const [operationId, route] of Object.entries(routes) as [string, Route][]) {
    paths[route.path] = {
      ...paths[route.path],
      [route.method.toLowerCase()]: operationOf(operationId, route),
    };
  }
  const { schemas } = z.toJSONSchema(shapes, { uri: refTo, unrepresentable: 'any' });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Millrace',
      version: '0.1.0',
      description: "Kafka over HTTP: the REST Proxy's v2 and v3, and a read without state.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, component(schema)])),
    },
  };
}
