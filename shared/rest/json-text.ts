import { assert } from '../base/assert.ts';

/** The text is not JSON (RFC 8259), or is nested deeper than allowed. `position` counts UTF-16 units. */
export class JsonSyntaxError extends Error {
  override name = 'JsonSyntaxError';
  readonly position: number;

  constructor(message: string, position: number) {
    super(`${message} at position ${position}`);
    this.position = position;
  }
}

/** As deep as Jackson reads by default; deeper texts are refused before they cost anything. */
export const jsonDepthMax = 1000;

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * Every value of a text, in the order of the text: where it begins, where it ends, and which value follows it
 * and all that is inside it. The name of a member is a value before the member's own.
 */
type Tape = {
  readonly text: string;
  readonly starts: number[];
  readonly ends: number[];
  readonly nexts: number[];
};

/**
 * Reads a text that is one JSON value, strictly and without recursion. Nothing is converted: every digit,
 * every member (repeated ones and `__proto__` too) can be taken from the text as it is. Throws
 * `JsonSyntaxError`.
 */
export function parseJson(text: string, depthMax = jsonDepthMax): JsonNode {
  const tape: Tape = { text, starts: [], ends: [], nexts: [] };
  new JsonScanner(tape, depthMax).scan();
  return new JsonNode(tape, 0);
}

/** One value of a parsed text. */
export class JsonNode {
  private readonly tape: Tape;
  private readonly index: number;

  constructor(tape: Tape, index: number) {
    this.tape = tape;
    this.index = index;
  }

  get kind(): JsonKind {
    switch (this.tape.text.charCodeAt(this.start)) {
      case brace.open:
        return 'object';
      case bracket.open:
        return 'array';
      case quote:
        return 'string';
      case 0x74:
      case 0x66:
        return 'boolean';
      case 0x6e:
        return 'null';
      default:
        return 'number';
    }
  }

  get isNull(): boolean {
    return this.tape.text.charCodeAt(this.start) === 0x6e;
  }

  /** The text exactly as it came. */
  get raw(): string {
    return this.tape.text.slice(this.start, this.end);
  }

  /** The members of an object, in order, repeated names too. */
  *members(): Generator<[name: string, value: JsonNode]> {
    assert(this.kind === 'object', 'members belong to an object');
    const after = this.tape.nexts[this.index] as number;
    for (let at = this.index + 1; at < after; at = this.tape.nexts[at + 1] as number) {
      yield [new JsonNode(this.tape, at).string(), new JsonNode(this.tape, at + 1)];
    }
  }

  /** The members of an object by name; the last one of a repeated name counts. */
  memberMap(): Map<string, JsonNode> {
    return new Map(this.members());
  }

  /** The items of an array, in order. */
  *items(): Generator<JsonNode> {
    assert(this.kind === 'array', 'items belong to an array');
    const after = this.tape.nexts[this.index] as number;
    for (let at = this.index + 1; at < after; at = this.tape.nexts[at] as number) {
      yield new JsonNode(this.tape, at);
    }
  }

  /** What a string says. */
  string(): string {
    assert(this.kind === 'string', 'only a string has text');
    const inside = this.tape.text.slice(this.start + 1, this.end - 1);
    return inside.includes('\\') ? (JSON.parse(`"${inside}"`) as string) : inside;
  }

  /** The value as JavaScript has it; a number that a double would spell otherwise stays text. */
  plain(): unknown {
    const { kind } = this;
    if (kind === 'object') {
      return Object.fromEntries([...this.members()].map(([name, value]) => [name, value.plain()]));
    }
    if (kind === 'array') return [...this.items()].map((item) => item.plain());
    const { raw } = this;
    if (kind === 'number') return String(Number(raw)) === raw ? Number(raw) : raw;
    return JSON.parse(raw);
  }

  /**
   * The text without white space between its parts. Strings are spelled in the shortest way, so that two
   * spellings of one key are one key; numbers keep every digit.
   */
  compact(): string {
    const { raw } = this;
    return mayShrink.test(raw) ? compacted(raw) : raw;
  }

  private get start(): number {
    return this.tape.starts[this.index] as number;
  }

  private get end(): number {
    return this.tape.ends[this.index] as number;
  }
}

const mayShrink = /[ \t\n\r\\]/;

function compacted(raw: string): string {
  let compact = '';
  let copiedTo = 0;
  for (let at = 0; at < raw.length; at++) {
    const code = raw.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(raw, at);
      const string = raw.slice(at, end);
      if (string.includes('\\')) {
        compact += raw.slice(copiedTo, at) + JSON.stringify(JSON.parse(string));
        copiedTo = end;
      }
      at = end - 1;
    } else if (isSpace(code)) {
      compact += raw.slice(copiedTo, at);
      copiedTo = at + 1;
    }
  }
  return compact + raw.slice(copiedTo);
}

/** Of a text known to be JSON: where the string that begins at `at` ends. */
function endOfString(text: string, at: number): number {
  for (let end = at + 1; ; end++) {
    const code = text.charCodeAt(end);
    if (code === quote) return end + 1;
    if (code === backslash) end++;
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const brace = { open: 0x7b, close: 0x7d };
const bracket = { open: 0x5b, close: 0x5d };
const numberText = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literalText = /true|false|null/y;
const escapeText = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** JSON's white space: blank, tab, line feed, carriage return. */
export const isSpace = (code: number): boolean =>
  code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** Fills a tape. The open arrays and objects are on a stack of our own, so depth costs no call stack. */
class JsonScanner {
  private readonly tape: Tape;
  private readonly depthMax: number;
  private readonly open: number[] = [];
  private at = 0;

  constructor(tape: Tape, depthMax: number) {
    this.tape = tape;
    this.depthMax = depthMax;
  }

  scan(): void {
    let isDone = false;
    while (!isDone) {
      const hasOpened = this.value();
      isDone = !hasOpened && this.afterValue();
    }
    if (this.at !== this.tape.text.length) this.fail('something follows the end of the JSON value');
  }

  /** Reads a value; of an array or object that is not empty only the beginning, and then true. */
  private value(): boolean {
    this.skipSpace();
    const { text, starts, ends, nexts } = this.tape;
    const index = starts.push(this.at) - 1;
    ends.push(0);
    nexts.push(0);
    const code = text.charCodeAt(this.at);
    if (code === brace.open || code === bracket.open) {
      if (this.open.push(index) > this.depthMax) this.fail(`more than ${this.depthMax} levels of nesting`);
      this.at++;
      this.skipSpace();
      if (text.charCodeAt(this.at) === code + 2) {
        this.close();
        return false;
      }
      if (code === brace.open) this.name();
      return true;
    }
    if (code === quote) this.string();
    else if (!this.match(numberText) && !this.match(literalText)) this.fail('no JSON value');
    this.finish(index);
    return false;
  }

  /** Goes on to the next value of what is open, true when nothing is open any more. */
  private afterValue(): boolean {
    for (;;) {
      this.skipSpace();
      const index = this.open.at(-1);
      if (index === undefined) return true;
      const { text, starts } = this.tape;
      const opening = text.charCodeAt(starts[index] as number);
      const code = text.charCodeAt(this.at);
      if (code === comma) {
        this.at++;
        if (opening === brace.open) this.name();
        return false;
      }
      // The closing sign of an object or array is two after its opening sign.
      if (code !== opening + 2) this.fail(`"," or "${String.fromCharCode(opening + 2)}" is missing`);
      this.close();
    }
  }

  private name(): void {
    this.skipSpace();
    const { text, starts, ends, nexts } = this.tape;
    if (text.charCodeAt(this.at) !== quote) this.fail('the name of a member is missing');
    const index = starts.push(this.at) - 1;
    ends.push(0);
    nexts.push(0);
    this.string();
    this.finish(index);
    this.skipSpace();
    if (text.charCodeAt(this.at) !== colon) this.fail('":" is missing');
    this.at++;
  }

  private close(): void {
    this.at++;
    this.finish(this.open.pop() as number);
  }

  private finish(index: number): void {
    this.tape.ends[index] = this.at;
    this.tape.nexts[index] = this.tape.starts.length;
  }

  private string(): void {
    const { text } = this.tape;
    for (this.at++; ; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code === quote) break;
      if (code === backslash) {
        if (!this.match(escapeText)) this.fail('an escape that JSON does not know');
        this.at--;
      } else if (!(code >= 0x20)) {
        this.fail(this.at >= text.length ? 'a string without an end' : 'a control character in a string');
      }
    }
    this.at++;
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const matches = pattern.test(this.tape.text);
    if (matches) this.at = pattern.lastIndex;
    return matches;
  }

  private skipSpace(): void {
    const { text } = this.tape;
    while (isSpace(text.charCodeAt(this.at))) this.at++;
  }

  private fail(message: string): never {
    throw new JsonSyntaxError(message, this.at);
  }
}
