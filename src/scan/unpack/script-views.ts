import { GrowingText } from './growing-text.ts';
import { replaceEach } from './replace-each.ts';

const ESCAPED_SLASH = String.raw`\/`;

/** Readings of a text that undo one trick each. Each takes linear time. */

function textOf(bytes: Buffer): string {
  return bytes.toString('latin1');
}

/** The text with what `pattern` matches replaced; nothing when it does not match. */
function replaced(bytes: Buffer, pattern: RegExp, by: string): Buffer[] {
  const text = textOf(bytes);
  const other = text.replace(pattern, by);
  return other.length === text.length ? [] : [Buffer.from(other, 'latin1')];
}

/** `${''}` and `${'a'}` in template literals. */
export function withoutTemplates(bytes: Buffer): Buffer[] {
  return replaced(bytes, /\$\{\s{0,8}(?:(["'`])([^"'`\r\n]{0,1024})\1)?\s{0,8}\}/g, '$2');
}

/** Blanks that browsers drop from an address, as references or where they cut the scheme. */
const BLANK_REFERENCES = ['&tab;', '&newline;', '&#9;', '&#10;', '&#13;', '&#x9;', '&#xa;', '&#xd;'];
const CUT_SCHEMES = ['d\tata:', 'da\tta:', 'dat\ta:', 'data\t:'];
export const ADDRESS_MARKS = [...BLANK_REFERENCES, ...CUT_SCHEMES];

/** Tabs and line ends, written as references or as they are, which browsers drop from addresses (URL standard 4.4). */
export function withoutAddressBlanks(bytes: Buffer): Buffer[] {
  return replaced(bytes, /&(?:Tab|NewLine|#(?:9|10|13|x0{0,4}[9ad]));|[\t\r\n]/gi, '');
}

/** Encoded text in the attributes of a page that scripts read, one behind the other. */
const SPLIT_ATTRIBUTES =
  /\sdata-[\w-]{1,32}\s?=\s?(["'])[A-Za-z0-9+/_-]{24,65536}={0,2}\1[^"']{1,64}data-[\w-]{1,32}\s?=\s?(["'])[A-Za-z0-9+/_-]{4,65536}={0,2}\2/;

export function hasSplitAttributes(bytes: Buffer): boolean {
  return SPLIT_ATTRIBUTES.test(textOf(bytes));
}

/** String literals with slashes that JSON writes behind a backslash, as they are meant. */
export function withPlainSlashes(bytes: Buffer): Buffer[] {
  const text = textOf(bytes);
  const parts = new GrowingText();
  for (let slash = text.indexOf(ESCAPED_SLASH); slash >= 0;) {
    const start = text.lastIndexOf('"', slash) + 1;
    const quote = text.indexOf('"', slash);
    const end = quote < 0 ? text.length : quote;
    parts.add(`${text.slice(start, end).replaceAll(ESCAPED_SLASH, '/')}\n`);
    slash = text.indexOf(ESCAPED_SLASH, end);
  }
  const plain = parts.toString();
  return plain === '' ? [] : [Buffer.from(plain.slice(0, -1), 'latin1')];
}

/** Section marks of XML: the text goes on over them. */
export function withoutSections(bytes: Buffer): Buffer[] {
  return replaced(bytes, /<!\[CDATA\[|\]\]>/g, '');
}

/** Told why a reading is not whole. */
export type Report = (detail: string) => void;

/** Variables of one batch file; what writes such files has a few hundred. */
const MAX_VARIABLES = 10_000;
/** A value goes on to the end of its line, and command lines have 8 191 characters at most. */
const VARIABLE = /(?:^|[\r\n&(])[ \t@]{0,16}set[ \t]{1,8}"?([\w.]{1,64})=([^\r\n"&]{0,8192})/gi;
/** How many times its size a batch file may have with its variables put in. */
const MAX_GROWTH = 4;

function variablesIn(text: string, report: Report): Map<string, string> {
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(VARIABLE)) {
    values.set(name.toLowerCase(), value);
    if (values.size > MAX_VARIABLES) {
      report(`more than ${MAX_VARIABLES} variables in one batch file`);
      break;
    }
  }
  return values;
}

/** `%a%`, `!a!`, `%a:b=c%` with `b` replaced by `c`, and the assignment of a variable. */
const VARIABLE_USE = /(%|!)([\w.]{1,64})(?::([^=%!\r\n]{1,64})=([^%!\r\n]{0,64}))?\1/g;
const ASSIGNMENT = /^[ \t@]{0,16}set[ \t]{1,8}"?([\w.]{1,64})=([^\r\n"&]{0,8192})/i;
/** What is written without a line end behind it: `set /p =a>>b`. */
const PROMPT = /set[ \t]{1,8}\/p[ \t]{0,8}"?[\w.]{0,64}[ \t]{0,8}=[ \t]{0,8}"?([^\r\n"&|<>]{0,8192})/gi;

/** Lines with their ends, and empty ones together. */
const LINES = /[^\n]+\n?|\n+/g;
/** `%a%` */
const SHORTEST_USE = 2;

/** A batch file as its lines read when they run one after the other. */
class Batch {
  readonly #values: Map<string, string>;
  #left: number;

  constructor(text: string, report: Report) {
    this.#values = variablesIn(text, report);
    this.#left = text.length * MAX_GROWTH;
  }

  get isOverfull(): boolean {
    return this.#left < 0;
  }

  line(line: string): string {
    const other = replaceEach(line, VARIABLE_USE, (whole, ...[, name, from, to]: (string | undefined)[]) => {
      const value = this.#values.get((name ?? '').toLowerCase());
      this.#left -= value?.length ?? 0;
      return value === undefined || this.isOverfull ? whole : this.#replaced(value, from, to ?? '');
    });
    const [, name, value] = ASSIGNMENT.exec(other) ?? [];
    if (name !== undefined && value !== undefined && this.#values.has(name.toLowerCase())) {
      this.#values.set(name.toLowerCase(), value);
    }
    return other;
  }

  #replaced(value: string, from: string | undefined, to: string): string {
    if (from === undefined) {
      return value;
    }
    const parts = value.split(from);
    this.#left -= parts.length * to.length;
    return this.isOverfull ? value : parts.join(to);
  }
}

/** A batch file with the values of its variables in their places. */
export function withVariables(bytes: Buffer, report: Report): Buffer[] {
  const text = textOf(bytes);
  const batch = new Batch(text, report);
  const lines = new GrowingText();
  for (const [line] of text.matchAll(LINES)) {
    lines.add(line.length > SHORTEST_USE ? batch.line(line) : line);
  }
  if (batch.isOverfull) {
    report(`a batch file grows beyond ${MAX_GROWTH} times its size`);
  }
  const other = lines.toString();
  return other === text ? [] : [Buffer.from(other, 'latin1')];
}

/** What a batch file writes to one line by and by. */
export function promptedText(bytes: Buffer): Buffer[] {
  const parts = new GrowingText();
  let count = 0;
  for (const [, part = ''] of textOf(bytes).matchAll(PROMPT)) {
    parts.add(part);
    count += 1;
  }
  return count < 2 ? [] : [Buffer.from(parts.toString(), 'latin1')];
}

/** Uses of the format operator in one script, the arguments of one and its format, characters. */
const MAX_FORMATS = 1024;
const MAX_ARGUMENTS = 4096;
const MAX_FORMAT = 64 * 1024;
const ARGUMENT = /[\s,(]{0,16}(["'])([^"'\r\n]{0,4096})\1/y;

function argumentsAt(text: string, start: number): string[] {
  const found: string[] = [];
  ARGUMENT.lastIndex = start;
  for (let match = ARGUMENT.exec(text); match !== null && found.length <= MAX_ARGUMENTS;) {
    found.push(match[2] ?? '');
    match = ARGUMENT.exec(text);
  }
  return found;
}

/** The literal that ends before the operator at `at`. */
function formatBefore(text: string, at: number): string {
  const tail = /["'](?=\)?\s{0,8}$)/.exec(text.slice(Math.max(0, at - 10), at));
  const end = tail === null ? -1 : Math.max(0, at - 10) + tail.index;
  const start = end < 1 ? -1 : text.lastIndexOf(text[end] ?? '', end - 1);
  return start < 0 || end - start > MAX_FORMAT ? '' : text.slice(start + 1, end);
}

/** What the format operator of PowerShell makes of its literals: `'{1}{0}' -f 'b','a'`. */
export function formatted(bytes: Buffer, report: Report): Buffer[] {
  const text = textOf(bytes);
  const lines: string[] = [];
  for (const match of text.matchAll(/-f(?=[\s(]{0,8}["'])/gi)) {
    if (lines.length === MAX_FORMATS) {
      report(`more than ${MAX_FORMATS} formats in one script`);
      break;
    }
    const values = argumentsAt(text, match.index + 2);
    if (values.length > MAX_ARGUMENTS) {
      report(`more than ${MAX_ARGUMENTS} arguments of one format`);
    }
    if (values.length > 0) {
      const format = formatBefore(text, match.index);
      lines.push(format.replace(/\{(\d{1,4})\}/g, (_, place: string) => values[Number(place)] ?? ''));
    }
  }
  return lines.length === 0 ? [] : [Buffer.from(lines.join('\n'), 'latin1')];
}

/** All letters moved by half the alphabet. */
export function rotated(bytes: Buffer): Buffer[] {
  return [
    Buffer.from(
      bytes.map((byte) => {
        const letter = byte | 0x20;
        const isLetter = letter >= 0x61 && letter <= 0x7a;
        return isLetter ? (letter < 0x6e ? byte + 13 : byte - 13) : byte;
      }),
    ),
  ];
}

/** Characters as Office writes them in XML: `_x0041_` (ECMA-376 part 1, 22.9.2.19). */
export function withoutOfficeEscapes(bytes: Buffer): Buffer[] {
  const text = textOf(bytes);
  const other = replaceEach(text, /_x00([0-9a-f]{2})_/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return other.length === text.length ? [] : [Buffer.from(other, 'latin1')];
}

/** A literal that is a script itself: its quotes are written twice or behind a backslash. */
export const QUOTED_SCRIPT_MARKS: readonly string[] = [
  '""&""',
  '"" & ""',
  '""+""',
  '"" + ""',
  String.raw`\"+\"`,
  String.raw`\" + \"`,
  String.raw`\'+\'`,
  String.raw`\' + \'`,
];

/** The script with the literals of that script put together. */
export function withQuotedScripts(bytes: Buffer): Buffer[] {
  const text = replaceEach(textOf(bytes), /""|\\(["'])/g, (_, quote?: string) => quote ?? '"');
  return [Buffer.from(text.replace(/(["'])[ \t]{0,8}[+&][ \t]{0,8}\1/g, ''), 'latin1')];
}

/** Characters in the texts of style sheets: up to six digits in hex and a blank (CSS Syntax 4.3.7). */
const STYLE_ESCAPE = /\\([0-9a-fA-F]{1,6})[ \t\n]?/g;
export const STYLE_MARKS: readonly string[] = ['content:"\\', "content:'\\", 'content: "\\', "content: '\\"];

export function withoutStyleEscapes(bytes: Buffer): Buffer[] {
  const text = replaceEach(textOf(bytes), STYLE_ESCAPE, (whole, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return code > 0 && code < 0x100 ? String.fromCharCode(code) : whole;
  });
  return [Buffer.from(text, 'latin1')];
}
