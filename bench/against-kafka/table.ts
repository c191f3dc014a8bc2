import type { Comparison, ServerRuns } from './compare.ts';
import type { LoadFigures } from './loads.ts';

/** One figure of one load: its medians, and ours divided by each other server's, turn by turn. */
export type Row = {
  what: string;
  figure: string;
  /** Whether less is better. */
  isCost: boolean;
  medians: { [server: string]: number };
  ratios: { [server: string]: { median: number; least: number; most: number } };
};

const ours = 'ours';

const isCost = (figure: string): boolean => figure.endsWith('ms') || figure.endsWith('CPU s');

/** The rows of all comparisons. */
export function rowsOf(comparisons: readonly Comparison[]): Row[] {
  return comparisons.flatMap(({ what, servers }) =>
    figuresOf(servers).map((figure) => rowOf(what, figure, servers)),
  );
}

const figuresOf = (servers: readonly ServerRuns[]): string[] => [
  ...new Set(servers.flatMap(({ runs }) => runs.flatMap((run) => Object.keys(run)))),
];

function rowOf(what: string, figure: string, servers: readonly ServerRuns[]): Row {
  const row: Row = { what, figure, isCost: isCost(figure), medians: {}, ratios: {} };
  const own = servers.find(({ server }) => server === ours)?.runs ?? [];
  for (const { server, runs } of servers) {
    const values = runs.flatMap((run) => run[figure] ?? []);
    if (values.length > 0) row.medians[server] = median(values);
    const ratios = server === ours ? [] : ratiosOf(own, runs, figure);
    if (ratios.length === 0) continue;
    row.ratios[server] = { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
  }
  return row;
}

function ratiosOf(own: readonly LoadFigures[], others: readonly LoadFigures[], figure: string): number[] {
  return own.flatMap((run, place) => {
    const [ownValue, other] = [run[figure], others[place]?.[figure]];
    return ownValue === undefined || other === undefined || other === 0 ? [] : [ownValue / other];
  });
}

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The rows as a table for people (and for Markdown). */
export function comparisonTable(rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap(({ medians }) => Object.keys(medians)))];
  const others = names.filter((name) => name !== ours);
  const head = ['load', 'figure', ...names, ...others.map((name) => `ours ÷ ${name}`)];
  const cells = rows.map(({ what, figure, isCost: less, medians, ratios }) => [
    what,
    less ? `${figure} (less is better)` : figure,
    ...names.map((name) => (medians[name] === undefined ? '–' : rounded(medians[name]))),
    ...others.map((name) => ratioCell(ratios[name])),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}

const ratioCell = (ratio: Row['ratios'][string] | undefined): string =>
  ratio === undefined
    ? '–'
    : `${ratio.median.toFixed(2)} (${ratio.least.toFixed(2)}–${ratio.most.toFixed(2)})`;

const rounded = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3));
