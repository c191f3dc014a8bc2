import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';

type Schema = Record<string, unknown>;
type Operation = {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
};
export type OpenApi = {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

type Path = { pattern: RegExp; parameters: number; operations: Record<string, Operation> };

/** Holds answers against an API document: whether route, status, media type and shape are declared. */
export class OpenApiChecker {
  private readonly ajv: Ajv2020;
  private readonly paths: Path[];
  private readonly validators = new Map<Schema, ValidateFunction>();

  constructor(document: OpenApi) {
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    this.ajv.addSchema({ $id: 'document', ...document });
    this.paths = Object.entries(document.paths)
      .map(([path, operations]) => ({
        pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
        parameters: path.split('{').length,
        operations,
      }))
      .sort((a, b) => a.parameters - b.parameters);
  }

  /** `texts` are the JSON values that the answer consists of; usually one. */
  check(method: string, path: string, response: Response, values: readonly unknown[]): void {
    const what = `${method} ${path} answers ${response.status}`;
    const operation = this.operationOf(method, path);
    if (!operation) {
      // No route: only an error may be answered.
      expect([400, 404, 405], what).toContain(response.status);
      return;
    }
    const declared = operation.responses[response.status];
    expect(declared, `${what}: the status is declared`).toBeDefined();
    if (response.status === 204 || method === 'HEAD') {
      expect(values, `${what}: no body`).toEqual([]);
      return;
    }
    const type = response.headers.get('content-type') ?? '';
    const schema = declared?.content?.[type]?.schema;
    expect(schema, `${what}: the type ${type} is declared`).toBeDefined();
    for (const value of values) this.validate(schema as Schema, value, what);
  }

  private validate(schema: Schema, value: unknown, what: string): void {
    const validator = this.validators.get(schema) ?? this.ajv.compile(rooted(schema));
    this.validators.set(schema, validator);
    expect(validator(value), `${what}: ${JSON.stringify(validator.errors)}`).toBe(true);
  }

  private operationOf(method: string, path: string): Operation | undefined {
    const bare = path.split('?', 1)[0] as string;
    const clean = bare.length > 1 && bare.endsWith('/') ? bare.slice(0, -1) : bare;
    const found = this.paths.find(({ pattern }) => pattern.test(clean));
    return found?.operations[method === 'HEAD' ? 'get' : method.toLowerCase()];
  }
}

/** The schema with its references into the document. */
const rooted = (schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components')) as Schema;

/** Every `$ref` in the document that leads nowhere. */
export function danglingRefs(document: OpenApi): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref as string);
  return refs.filter((ref) => {
    const steps = ref.replace(/^#\//, '').split('/');
    return (
      steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document) ===
      undefined
    );
  });
}
