import { Buffer } from 'node:buffer';

/** An answer without records, and when the store was looked at for it. */
export type EmptyAnswer = { readonly bytes: Uint8Array; readonly lookedMs: number };

const answersMax = 1_000;
/** Behind key and version of the request; behind the size of the answer. */
const correlationIdAt = 4;

/**
 * The last answers that brought nothing, by what was asked. A consumer that is up to date asks the same again
 * and again: until the next look is due there is nothing new to say.
 */
export class EmptyAnswers {
  private readonly answers = new Map<string, EmptyAnswer & { readonly names: readonly string[] }>();

  remember(frame: Uint8Array, names: readonly string[], answer: EmptyAnswer): void {
    const asked = askedBy(frame);
    this.answers.delete(asked);
    this.answers.set(asked, { ...answer, names });
    const [oldest] = this.answers.keys();
    if (this.answers.size > answersMax && oldest !== undefined) this.answers.delete(oldest);
  }

  /** What the same question was answered with, made to answer this one. */
  find(frame: Uint8Array): EmptyAnswer | undefined {
    const found = this.answers.get(askedBy(frame));
    if (found === undefined) return undefined;
    const bytes = Uint8Array.from(found.bytes);
    bytes.set(frame.subarray(correlationIdAt, correlationIdAt + 4), correlationIdAt);
    return { bytes, lookedMs: found.lookedMs };
  }

  /** The partition has grown. */
  forget(name: string): void {
    for (const [asked, { names }] of this.answers) if (names.includes(name)) this.answers.delete(asked);
  }
}

/** All of the request but its number. */
function askedBy(frame: Uint8Array): string {
  const asked = Buffer.from(frame);
  asked.fill(0, correlationIdAt, correlationIdAt + 4);
  return asked.toString('latin1');
}
