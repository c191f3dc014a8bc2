import { type Json, RawJson } from '../json-writer.ts';
import { openApiDocument } from '../openapi-document.ts';
import type { Handler } from '../rest-request.ts';

let text: string | undefined;

const document = (): Json => {
  text ??= JSON.stringify(openApiDocument());
  return new RawJson(text);
};

export const getOpenApi: Handler = async () => ({ status: 200, body: document() });
