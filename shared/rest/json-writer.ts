/** JSON text that goes into an answer as it is. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What an answer is made of. Members that are undefined are left out. */
export type Json =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | RawJson
  | readonly Json[]
  | { readonly [name: string]: Json };

/** As `JSON.stringify`, but an int64 keeps every digit and raw text stays as it is. */
export function writeJson(json: Json): string {
  if (json === null || json === undefined) return 'null';
  if (typeof json === 'bigint') return json.toString();
  if (typeof json !== 'object') return JSON.stringify(json);
  if (json instanceof RawJson) return json.text;
  if (Array.isArray(json)) return `[${(json as readonly Json[]).map(writeJson).join(',')}]`;
  const members: string[] = [];
  for (const [name, value] of Object.entries(json as { readonly [name: string]: Json })) {
    if (value !== undefined) members.push(`${JSON.stringify(name)}:${writeJson(value)}`);
  }
  return `{${members.join(',')}}`;
}
