import { badRequest } from './errors.ts';
import type { JsonNode } from './json-text.ts';

/**
 * A whole number, or its text, which R takes as well; undefined for null or none. Throws 400. `what` names it
 * in the error.
 */
export function readInteger(node: JsonNode | undefined, what: string): bigint | undefined {
  if (node === undefined || node.isNull) return undefined;
  const text = node.kind === 'string' ? node.string() : node.raw;
  if (!/^-?[0-9]{1,19}$/.test(text)) throw badRequest(`${what} is not an integer.`);
  return BigInt(text);
}
