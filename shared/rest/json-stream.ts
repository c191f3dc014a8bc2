import { isSpace } from './json-text.ts';

/**
 * Cuts a text that comes in pieces into the JSON values it consists of, with or without white space between
 * them. It only looks where a value ends; whether it is one, `parseJson` says.
 */
export class JsonSplitter {
  private readonly parts: string[] = [];
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  /** Inside a number, a word or what is no JSON at all, outside any array or object. */
  private isInWord = false;
  /** UTF-16 units of the value that has begun but not ended. */
  pendingLength = 0;

  /** The values that end within this piece. */
  push(piece: string): string[] {
    const values: string[] = [];
    let start = this.isPending ? 0 : -1;
    for (let at = 0; at < piece.length; at++) {
      const code = piece.charCodeAt(at);
      if (start < 0) {
        if (isSpace(code)) continue;
        start = at;
      } else if (this.isInWord && endsWord(code)) {
        values.push(this.take(piece.slice(start, at)));
        start = isSpace(code) ? -1 : at;
        if (start < 0) continue;
      }
      if (this.endsValue(code)) {
        values.push(this.take(piece.slice(start, at + 1)));
        start = -1;
      }
    }
    if (start >= 0) this.keep(piece.slice(start));
    return values;
  }

  /** What is left when the text is over: a word that ended with it, or a value that was cut off. */
  finish(): string[] {
    return this.isPending ? [this.take('')] : [];
  }

  private get isPending(): boolean {
    return this.pendingLength > 0;
  }

  private endsValue(code: number): boolean {
    if (this.isInString) {
      if (this.isEscaped) this.isEscaped = false;
      else if (code === 0x5c) this.isEscaped = true;
      else if (code === 0x22) {
        this.isInString = false;
        return this.depth === 0;
      }
      return false;
    }
    if (code === 0x22) this.isInString = true;
    else if (code === 0x7b || code === 0x5b) this.depth++;
    else if ((code === 0x7d || code === 0x5d) && this.depth > 0) return --this.depth === 0;
    else if (this.depth === 0) this.isInWord = true;
    return false;
  }

  private keep(text: string): void {
    this.parts.push(text);
    this.pendingLength += text.length;
  }

  private take(last: string): string {
    const value = this.parts.join('') + last;
    this.parts.length = 0;
    this.pendingLength = 0;
    this.depth = 0;
    this.isInString = false;
    this.isEscaped = false;
    this.isInWord = false;
    return value;
  }
}

const endsWord = (code: number): boolean => isSpace(code) || code === 0x7b || code === 0x5b || code === 0x22;
