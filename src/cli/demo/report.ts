import type { Row } from './comparison.ts';

interface Column {
  readonly title: string;
  readonly width: number;
  readonly isNumber?: boolean;
  readonly value: (row: Row) => string;
}

/** Together with the marks and the gaps 100 characters or less. */
const COLUMNS: readonly Column[] = [
  { title: 'message', width: 26, value: (row) => row.message },
  { title: 'protocol', width: 8, value: (row) => row.protocol },
  { title: 'expected', width: 9, value: (row) => row.expected },
  { title: 'verdict', width: 9, value: (row) => row.verdict },
  { title: 'finding', width: 20, value: (row) => row.finding || '-' },
  {
    title: 'added ms',
    width: 8,
    isNumber: true,
    value: (row) => row.addedMs.toFixed(1).replace('-0.0', '0.0'),
  },
  { title: 'sizes kept', width: 10, value: (row) => (row.sizesKept ? 'yes' : 'no') },
];

/** The table, the problems below it, and a summary line. */
export function tableLines(rows: readonly Row[]): readonly string[] {
  const rule = `  ${COLUMNS.map((column) => '-'.repeat(column.width)).join(' ')}`;
  const title = `  ${COLUMNS.map((column) => fit(column.title, column)).join(' ')}`;
  return [title.trimEnd(), rule, ...rows.map(rowLine), rule, ...rows.flatMap(problemLines)];
}

/** One sentence that says how it went. */
export function summaryLine(rows: readonly Row[]): string {
  const bad = rows.filter((row) => row.problems.length > 0).length;
  const messages = new Set(rows.map((row) => row.message)).size;
  const outcome = bad === 0 ? 'all as it must be' : `${bad} NOT as they must be`;
  return `${messages} messages over ${new Set(rows.map((row) => row.protocol)).size} protocols: ${outcome}.`;
}

/** One JSON object for a row. */
export function rowJson(row: Row): string {
  const { message, protocol, expected, verdict, finding, sizesKept, problems } = row;
  const addedMs = Number(row.addedMs.toFixed(3));
  const ok = problems.length === 0;
  return JSON.stringify({ message, protocol, expected, verdict, finding, addedMs, sizesKept, ok, problems });
}

function rowLine(row: Row): string {
  const mark = row.problems.length === 0 ? ' ' : '!';
  return `${mark} ${COLUMNS.map((column) => fit(column.value(row), column)).join(' ')}`.trimEnd();
}

function problemLines(row: Row): string[] {
  return row.problems.map((problem) => `! ${row.message}, ${row.protocol}: ${problem}`);
}

function fit(text: string, column: Column): string {
  const cut = text.length > column.width ? `${text.slice(0, column.width - 1)}~` : text;
  return column.isNumber === true ? cut.padStart(column.width) : cut.padEnd(column.width);
}
