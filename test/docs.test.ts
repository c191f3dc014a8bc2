import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { notServed, servedApis } from '../shared/broker/served-apis.ts';
import { topicConfigKeys } from '../shared/kafka/config-keys.ts';
import { apis } from '../shared/protocol/messages/index.ts';
import { expectTable } from './support/document-table.ts';
import { filesOf, root, type SourceFile } from './tidy/sources.ts';

const documents = filesOf((path) => path.endsWith('.md'));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What matches in all documents, as `document: match`, unless `isRight`. */
function wrong(pattern: RegExp, isRight: (match: string, document: SourceFile) => boolean): string[] {
  return documents.flatMap((document) =>
    [...document.text.matchAll(pattern)]
      .map(([, match = '']) => match)
      .filter((match) => !isRight(match, document))
      .map((match) => `${document.path}: ${match}`),
  );
}

describe('what the documents say is so', () => {
  test('every link leads to a file, and every anchor to a heading', () => {
    const anchorsOf = (text: string): string[] =>
      [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    const isRight = (link: string, { path }: SourceFile): boolean => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return false;
      return anchor === undefined || anchorsOf(textOf(target)).includes(anchor);
    };
    expect(wrong(/\]\((?!https?:)([^)\s]+)\)/g, isRight)).toEqual([]);
  });

  test('every npm script that is named exists', () => {
    const { scripts } = JSON.parse(textOf('package.json'));
    const ofNpm = new Set(['start', 'test']);
    expect(wrong(/npm run (?:-s |--silent )?([\w:-]+)/g, (name) => name in scripts)).toEqual([]);
    expect(wrong(/`npm (start|test)\b/g, (name) => ofNpm.has(name) && name in scripts)).toEqual([]);
  });

  test('every source file that is named exists', () => {
    const rooms = ['shared', 'functions', 'gateway', 'local', 'infra', 'test', 'examples'].join('|');
    const named = new RegExp(`\`((?:${rooms})/[\\w./-]+)\``, 'g');
    const isThere = (path: string): boolean =>
      existsSync(join(root, path)) || existsSync(join(root, `${path}.ts`));
    expect(wrong(named, isThere)).toEqual([]);
  });
});

describe('docs/guarantees.md', () => {
  const rows = [...textOf('docs/guarantees.md').matchAll(/^\| (I\d+) \| .* \| (.*) \|$/gm)];
  const waitFor = ['with transactions'];

  test('names the promises I1 to I14', () => {
    expect(rows.map(([, name]) => name)).toEqual(Array.from({ length: 14 }, (_, at) => `I${at + 1}`));
  });

  test.each(rows.map(([, name = '', triedBy = '']) => [name, triedBy]))(
    '%s is cited by what tries it',
    (name, by) => {
      const files = [...by.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
      if (files.length === 0) expect(waitFor).toContain(by);
      const cites = new RegExp(`\\b${name}\\b`);
      expect(files.filter((file) => !existsSync(join(root, file)) || !cites.test(textOf(file)))).toEqual([]);
    },
  );
});

test('docs/storage-layout.md has every stored item with its letter, and no letter stands for two', () => {
  const items = filesOf((path) => /^shared\/storage\/items\/.*\.ts$/.test(path));
  const letters = items.flatMap(({ text }) =>
    [...text.matchAll(/Type = '(\w)'/g)].map(([, letter]) => letter),
  );
  const listed = [...textOf('docs/storage-layout.md').matchAll(/^\| (?!item )[\w ]+ \| `(\w)` \|/gm)];
  expect(letters.length).toBeGreaterThan(10);
  expect(new Set(letters).size).toBe(letters.length);
  expect(listed.map(([, letter]) => letter).sort()).toEqual(letters.sort());
});

const advice = 'run UPDATE_DOCS=1 npx vitest run test/docs.test.ts';

test('docs/kafka-coverage.md lists the topic configs as they are', () => {
  const rows = [...topicConfigKeys.values()].map(
    ({ name, type, defaultText, use }) => `| \`${name}\` | ${type} | ${defaultText || '(empty)'} | ${use} |`,
  );
  const table = ['| config | type | default | |', '|---|---|---|---|', ...rows];
  expectTable('docs/kafka-coverage.md', 'topic configs', table, advice);
});

test('docs/kafka-coverage.md lists the APIs and their versions as they are', () => {
  const advertised = new Map(servedApis().map((api) => [api.apiKey, api]));
  const rows = apis.map(({ key, name, versions: [min, max] }) => {
    const { minVersion } = advertised.get(key) ?? {};
    const note = minVersion === undefined ? `not served: ${notServed[name]}` : '';
    const from = minVersion === undefined || minVersion === min ? '' : `announced from ${minVersion} on`;
    const versions = minVersion === undefined ? '' : min === max ? `${min}` : `${min} to ${max}`;
    return `| ${key} | ${name} | ${versions} | ${note}${from} |`;
  });
  const table = ['| key | API | versions | |', '|---|---|---|---|', ...rows];
  expectTable('docs/kafka-coverage.md', 'apis', table, advice);
});
