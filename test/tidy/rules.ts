import ts from 'typescript';
import type { SourceFile } from './sources.ts';

export type Violation = { readonly path: string; readonly line: number; readonly message: string };

/**
 * Longer than `lineColumnsMax` may be only what a text makes so, up to `textColumnsMax`: a message or the
 * name of a test is found by searching for it whole.
 */
export const tidyLimits = {
  functionLinesMax: 60,
  fileLinesMax: 400,
  lineColumnsMax: 110,
  textColumnsMax: 180,
} as const;

type Ban = {
  /** What is written, as `name` or `object.name`. */
  readonly name: string;
  readonly instead: string;
  /** The only files that may use it. */
  readonly home: RegExp;
};

/**
 * Examples, and the programs of test/clients, are what users write: they have no clock and no log of ours.
 */
const clockHome = /^shared\/base\/clock\.ts$|^examples\/|^test\/clients\/.*\.mjs$/;
const examplesOnly = /^examples\//;

/**
 * Names with their replacement. Time and chance come in through the door, so that a seed can replay
 * everything.
 */
const bannedNames: readonly Ban[] = [
  { name: 'Date.now', instead: 'Clock.nowMs of shared/base/clock.ts', home: clockHome },
  { name: 'performance.now', instead: 'Clock of shared/base/clock.ts', home: clockHome },
  { name: 'setTimeout', instead: 'Clock.sleep of shared/base/clock.ts', home: clockHome },
  { name: 'setInterval', instead: 'a loop over Clock.sleep of shared/base/clock.ts', home: clockHome },
  { name: 'Math.random', instead: 'Random of shared/base/random.ts', home: /^shared\/base\/random\.ts$/ },
  {
    name: 'console',
    instead: 'Log of shared/base/log.ts, or process.stdout for what a script prints',
    home: examplesOnly,
  },
];

const bannedModules: readonly Ban[] = [
  { name: 'timers/promises', instead: 'Clock.sleep of shared/base/clock.ts', home: clockHome },
  { name: 'timers', instead: 'Clock of shared/base/clock.ts', home: clockHome },
];

/** Stored things are read by `items/` and `objects/`, which know formats; JSON knows none. */
const jsonFreeRooms = /^shared\/(storage|log|catalog)\//;
const testWords = new Set(['test', 'it', 'describe', 'suite', 'bench']);
const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
const vagueNames = /(^|-)(utils?|helpers?|common|managers?|services?|impl)(-|\.|$)/;
const kebabName = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*\.[a-z]+$/;

/** Everything a file does against the habits of CONTRIBUTING.md. */
export function violationsOf(file: SourceFile): Violation[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  return [...violationsOfText(file, source), ...violationsOfName(file), ...violationsOfNodes(file, source)];
}

function violationsOfText({ path, text }: SourceFile, source: ts.SourceFile): Violation[] {
  const lines = text.split('\n');
  const texts = longestTexts(source);
  const found: Violation[] = [];
  lines.forEach((line, place) => {
    const columns = [...line].length;
    const excess = columns - tidyLimits.lineColumnsMax;
    if (excess > 0 && (excess > (texts.get(place) ?? 0) || columns > tidyLimits.textColumnsMax))
      found.push({
        path,
        line: place + 1,
        message: `${columns} columns, ${tidyLimits.lineColumnsMax} are allowed`,
      });
    const mark = marks.exec(line)?.[1];
    if (mark !== undefined)
      found.push({ path, line: place + 1, message: `${mark}: do it now, or file it as an issue` });
  });
  const count = text.endsWith('\n') ? lines.length - 1 : lines.length;
  if (count > tidyLimits.fileLinesMax)
    found.push({
      path,
      line: count,
      message: `${count} lines, ${tidyLimits.fileLinesMax} are allowed: part the file`,
    });
  return found;
}

/** The longest string, template or pattern in each line, by the line's place. */
function longestTexts(source: ts.SourceFile): Map<number, number> {
  const longest = new Map<number, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isLiteralExpression(node) || ts.isTemplateExpression(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      longest.set(line, Math.max(longest.get(line) ?? 0, node.getWidth(source)));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return longest;
}

function violationsOfName({ path }: SourceFile): Violation[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found: Violation[] = [];
  if (!kebabName.test(name)) found.push({ path, line: 1, message: 'file names are kebab-case' });
  if (vagueNames.test(name))
    found.push({
      path,
      line: 1,
      message: `${name} says nothing: name the file with the word of what is in it`,
    });
  return found;
}

function violationsOfNodes({ path }: SourceFile, source: ts.SourceFile): Violation[] {
  const found: Violation[] = [];
  const visit = (node: ts.Node): void => {
    const message = lengthMessage(node, source, path) ?? nodeMessage(node, path);
    if (message !== undefined) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ path, line: line + 1, message });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function lengthMessage(node: ts.Node, source: ts.SourceFile, path: string): string | undefined {
  if (!ts.isFunctionLike(node) || isListOfTests(node, path)) return undefined;
  const first = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
  const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
  const lines = last - first + 1;
  if (lines <= tidyLimits.functionLinesMax) return undefined;
  return `a function of ${lines} lines, ${tidyLimits.functionLinesMax} are allowed: part it`;
}

/**
 * The callback of `describe`, and the functions of a contract suite, only hold tests, each of which is
 * measured.
 */
function isListOfTests(node: ts.SignatureDeclaration, path: string): boolean {
  if (path.endsWith('.suite.ts') && ts.isFunctionDeclaration(node))
    return /(Suite|Tests)$/.test(node.name?.text ?? '');
  return ts.isCallExpression(node.parent) && rootWord(node.parent.expression) === 'describe';
}

function rootWord(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return rootWord(node.expression);
  return undefined;
}

function nodeMessage(node: ts.Node, path: string): string | undefined {
  if (ts.isEnumDeclaration(node)) return 'enum: use a union of words, or a table `as const`';
  if (ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.AnyKeyword)
    return 'as any: say the type, or narrow from unknown';
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return banMessage(bannedModules, node.moduleSpecifier.text.replace(/^node:/, ''), path);
  if (ts.isNewExpression(node) && node.getText() === 'new Date()' && !clockHome.test(path))
    return 'new Date(): use Clock.nowMs of shared/base/clock.ts';
  if (ts.isPropertyAccessExpression(node)) return accessMessage(node, path);
  if (ts.isIdentifier(node) && isUse(node)) return banMessage(bannedNames, node.text, path);
  return undefined;
}

function accessMessage(node: ts.PropertyAccessExpression, path: string): string | undefined {
  const name = node.name.text;
  if ((name === 'skip' || name === 'only') && testWords.has(rootWord(node.expression) ?? ''))
    return `.${name}: every test runs; what cannot hold here is listed in test/aws/capabilities.ts`;
  const dotted = ts.isIdentifier(node.expression) ? `${node.expression.text}.${name}` : name;
  if (dotted === 'JSON.parse' && jsonFreeRooms.test(path))
    return 'JSON.parse: what is stored is read by shared/storage/items or objects';
  const global = dotted.replace(/^(globalThis|window)\./, '');
  return banMessage(bannedNames, global, path);
}

/** A plain use of the name itself: not a member of that name, nor a definition of one. */
function isUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return !(
    (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodDeclaration(parent)) &&
    parent.name === node
  );
}

function banMessage(bans: readonly Ban[], name: string, path: string): string | undefined {
  const ban = bans.find((row) => row.name === name && !row.home.test(path));
  return ban && `${ban.name}: use ${ban.instead}`;
}

/** All violations, grouped by file, as a person would like to read them. */
export function report(violations: readonly Violation[]): string {
  const byFile = new Map<string, Violation[]>();
  for (const violation of violations)
    byFile.set(violation.path, [...(byFile.get(violation.path) ?? []), violation]);
  return [...byFile]
    .map(([path, rows]) => [path, ...rows.map(({ line, message }) => `  ${line}: ${message}`)].join('\n'))
    .join('\n');
}
