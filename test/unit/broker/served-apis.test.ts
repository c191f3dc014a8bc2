import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { handlers } from '../../../shared/broker/handlers/index.ts';
import { notServed, servedApis, servedNames } from '../../../shared/broker/served-apis.ts';
import { apis } from '../../../shared/protocol/messages/index.ts';

const filesIn = (folder: string): string[] =>
  readdirSync(new URL(`../../../shared/${folder}`, import.meta.url)).filter((file) => file !== 'index.ts');

/** A file's name as Kafka would spell the API. */
const apiOf = (file: string): string =>
  file
    .replace('.ts', '')
    .split('-')
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');

describe('what the broker serves', () => {
  test('every API that is announced has a handler, and every handler is announced, once', () => {
    expect([...servedNames].sort()).toEqual(Object.keys(handlers).sort());
    expect(new Set(servedNames).size).toBe(servedNames.length);
    expect(servedApis().map(({ apiKey }) => apiKey)).toEqual(
      apis.filter(({ name }) => name in handlers).map(({ key }) => key),
    );
  });

  test('every message of the protocol has a handler, or a reason why it has none', () => {
    const omitted = Object.keys(notServed);
    expect([...servedNames, ...omitted].sort()).toEqual(apis.map(({ name }) => name).sort());
    for (const reason of Object.values(notServed)) expect(reason).toMatch(/\w+ \w+/);
  });

  test('a handler is in the file of that name, as the message is', () => {
    const files = filesIn('broker/handlers');
    expect(files.map(apiOf).sort()).toEqual([...servedNames].sort());
    const messages = filesIn('protocol/messages');
    expect(files.filter((file) => !messages.includes(file))).toEqual([]);
  });
});
