/** Names come from messages and strangers: what steers a terminal (or hides itself) is written as its code. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

export type Align = 'left' | 'right';

export interface Column {
  readonly title: string;
  readonly align?: Align;
}

function pad(text: string, width: number, align: Align): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** An aligned table with a line of titles; control characters in cells are made visible. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(printable))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => (row[index] ?? '').length)));
  return cells
    .map((row) => row.map((cell, index) => pad(cell, widths[index] ?? 0, columns[index]?.align ?? 'left')))
    .map((row) => `${row.join('  ').trimEnd()}\n`)
    .join('');
}
