import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `install-kafka-clients.mjs` puts the Java client and the definitions of its messages. */
export const cacheFolder = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../../.cache/kafka-clients-4.1.1',
);

/** A field as Kafka's definitions have it. Versions are `3`, `3+`, `0-7` or `none`. */
export type KafkaField = {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: string | number | boolean;
  readonly fields?: readonly KafkaField[];
};

export type KafkaMessage = {
  readonly name: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly KafkaField[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly KafkaField[] }[];
};

/** Kafka's definition of a message: `FetchRequest`. Its files are JSON with comments of whole lines. */
export function definitionOf(name: string): KafkaMessage {
  const path = join(cacheFolder, 'common/message', `${name}.json`);
  if (!existsSync(path)) throw new Error(`Kafka has no ${name}, or it was not fetched: npm run test:wire`);
  return JSON.parse(readFileSync(path, 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')) as KafkaMessage;
}

/** First and last version of `3`, `3+` or `0-7`; of `none` a range that holds nothing. */
export function rangeOf(versions: string): readonly [first: number, last: number] {
  if (versions === 'none') return [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const [first = '', last] = versions.split(/[-+]/);
  return [
    Number(first),
    last === undefined ? Number(first) : last === '' ? Number.POSITIVE_INFINITY : Number(last),
  ];
}

export function holds(versions: string | undefined, version: number): boolean {
  const [first, last] = rangeOf(versions ?? 'none');
  return first <= version && version <= last;
}
