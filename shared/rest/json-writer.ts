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
  return Array.isArray(json)
    ? `[${(json as readonly Json[]).map(writeJson).join(',')}]`
    : writeObject(json as { readonly [name: string]: Json });
}

function writeObject(json: { readonly [name: string]: Json }): string {
  let text = '';
  for (const name of Object.keys(json)) {
    const value = json[name];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${writeJson(value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
