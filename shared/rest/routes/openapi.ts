import { RawJson } from '../json-writer.ts';
import { openApiDocument } from '../openapi-document.ts';
import type { Handler } from '../rest-request.ts';

let document: ReturnType<typeof openApiDocument> | undefined;

/** The API document, for the address under which this caller sees the door. */
export const getOpenApi: Handler = async ({ baseUrl }) => {
  document ??= openApiDocument();
  return { status: 200, body: new RawJson(JSON.stringify({ ...document, servers: [{ url: baseUrl }] })) };
};
