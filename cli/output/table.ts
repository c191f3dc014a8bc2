export type Cell = string | number | bigint | boolean | null | undefined;
export type Column = { readonly title: string; readonly align?: 'left' | 'right' };

/** What stands where there is nothing to say, as in Kafka's own tools. */
const nothing = '-';
const gap = '  ';

/**
 * A table of aligned columns, a line each row, with titles. Numbers stand right. `isBold` makes the titles
 * bold, for a terminal; everything else gets the same text without any escape.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  isBold: boolean,
): string {
  const texts = rows.map((row) => columns.map((_, at) => textOf(row[at])));
  const widths = columns.map(({ title }, at) =>
    texts.reduce((most, row) => Math.max(most, widthOf(row[at] ?? '')), widthOf(title)),
  );
  const isRight = columns.map(({ align }, at) => (align ?? alignmentOf(rows, at)) === 'right');
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, at) => pad(text, widths[at] ?? 0, isRight[at] === true))
      .join(gap)
      .trimEnd();
  const titles = line(columns.map(({ title }) => title));
  return [isBold ? `\u001b[1m${titles}\u001b[0m` : titles, ...texts.map(line), ''].join('\n');
}

/** Lines of `name  value`, the names as wide as the widest. */
export function fields(pairs: readonly (readonly [name: string, value: Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)));
  return pairs.map(([name, value]) => `${pad(name, width, false)}${gap}${textOf(value)}\n`).join('');
}

/** A value that another program wrote may hold what moves the cursor: it is shown, not done. */
const textOf = (cell: Cell): string =>
  cell === null || cell === undefined ? nothing : visible(String(cell));

/** Control characters as `\x1b`; everything else as it is. */
export const visible = (text: string): string =>
  text.replace(
    /\p{Cc}/gu,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );

const widthOf = (text: string): number => [...text].length;

function alignmentOf(rows: readonly (readonly Cell[])[], at: number): 'left' | 'right' {
  const cells = rows.map((row) => row[at]).filter((cell) => cell !== null && cell !== undefined);
  const isNumeric =
    cells.length > 0 && cells.every((cell) => typeof cell === 'number' || typeof cell === 'bigint');
  return isNumeric ? 'right' : 'left';
}

function pad(text: string, width: number, isRight: boolean): string {
  const blanks = ' '.repeat(Math.max(width - widthOf(text), 0));
  return isRight ? blanks + text : text + blanks;
}
