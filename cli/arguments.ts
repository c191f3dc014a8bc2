import { InvalidArgumentError } from 'commander';
import { whyIllegalTopicName } from '../shared/kafka/topic-names.ts';
import { UsageFailure } from './failure.ts';

/** More than this of one kind on a command line is a slip. */
const valuesMax = 10_000;

/** Reads a whole number; for commander, which names the option in its message. */
export const whole =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^[0-9]{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };

/** Collects the values of an option that may be repeated. */
export const repeated = (text: string, former: readonly string[] = []): string[] => {
  if (former.length >= valuesMax) throw new InvalidArgumentError(`It may be repeated ${valuesMax} times.`);
  return [...former, text];
};

const partitionMax = 2 ** 31 - 1;

/** Partitions as `0`, `0,3` or `0-5`, repeated or not. */
export function partitionList(text: string, former: readonly number[] = []): number[] {
  const wanted = new Set(former);
  for (const part of text.split(',')) {
    const [, first, last = first] = /^([0-9]{1,10})(?:-([0-9]{1,10}))?$/.exec(part.trim()) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === undefined || to > partitionMax || to < from || to - from >= valuesMax) {
      throw new InvalidArgumentError('It is a partition or several, like 0, 0,3 or 0-5.');
    }
    for (let partition = from; partition <= to; partition++) wanted.add(partition);
  }
  return [...wanted].sort((a, b) => a - b);
}

/** `name=value` pairs, in their order. Throws `UsageFailure`, which begins with `what`. */
export function pairs(what: string, texts: readonly string[]): [name: string, value: string][] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageFailure(`${what} is NAME=VALUE, not "${text}".`);
    return [text.slice(0, at), text.slice(at + 1)];
  });
}

/** A topic's name is checked before it stands in an address. */
export function topicName(text: string): string {
  const reason = whyIllegalTopicName(text);
  if (reason === undefined) return text;
  throw new InvalidArgumentError(`It is no topic name: ${reason}.`);
}

export const topicNames = (text: string, former: readonly string[] = []): string[] => [
  ...new Set([...former, topicName(text)]),
];

/** A group may have almost any name; an address cannot say these. */
export function groupName(text: string): string {
  if (text !== '' && text !== '.' && text !== '..') return text;
  throw new InvalidArgumentError('It is no group name that a URL can say.');
}

export const groupNames = (text: string, former: readonly string[] = []): string[] => [
  ...new Set([...former, groupName(text)]),
];

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '0': '\0',
  '\\': '\\',
  e: '\u001b',
};

/** A text in which `\n`, `\t`, `\x1f` and the like stand for characters, as shells do not. */
export function unescaped(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [found, hex, letter] of text.matchAll(/\\x([0-9a-fA-F]{2})|\\([nrt0\\e])|[^\\]+|\\/g)) {
    if (hex !== undefined) parts.push(Buffer.from(hex, 'hex'));
    else parts.push(Buffer.from(letter === undefined ? found : (escapes[letter] ?? found)));
  }
  return Buffer.concat(parts);
}
