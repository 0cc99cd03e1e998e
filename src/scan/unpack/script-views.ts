/** Readings of a text that undo one trick each. Each takes linear time. */

/** Text looked at, bytes. */
const MAX_LOOK_BYTES = 1024 * 1024;

function textOf(bytes: Buffer): string {
  return bytes.toString('latin1', 0, MAX_LOOK_BYTES);
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

/** Section marks of XML: the text goes on over them. */
export function withoutSections(bytes: Buffer): Buffer[] {
  return replaced(bytes, /<!\[CDATA\[|\]\]>/g, '');
}

/** Code points that are shown as nothing (Unicode, Default_Ignorable), in UTF-8, Latin-1 and as references. */
const INVISIBLE =
  '(?:\\xe2\\x80[\\x8b-\\x8f\\xaa-\\xae]|\\xe2\\x81[\\xa0-\\xa4]|\\xc2?\\xad|\\xcd\\x8f|\\xef\\xbb\\xbf|\\xef\\xb8[\\x80-\\x8f]|\\xe1\\xa0\\x8e|&shy;|&zwn?j;|&#(?:173|847|820[3-7]|8288|65279);|&#x(?:ad|34f|200[b-f]|2060|feff);)';
/** Signs of some of them; the soft hyphen and the grapheme joiner have too few bytes to be marks. */
export const INVISIBLE_MARKS =
  '\u200b \u200c \u200d \u2060 \ufeff &shy; &zw &#173; &#847; &#820 &#8288; &#xad; &#x200 &#x34f; &#x2060;'.split(
    ' ',
  );
const SOFT_HYPHEN = 0xad;
const JOINER_END = 0x8f;
const LEADS: ReadonlySet<number | undefined> = new Set([0xc2, 0xcd]);

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** A soft hyphen or grapheme joiner behind an ASCII letter or digit. */
export function hasShortInvisible(bytes: Buffer): boolean {
  for (const last of [SOFT_HYPHEN, JOINER_END]) {
    for (let at = bytes.indexOf(last); at >= 0; at = bytes.indexOf(last, at + 1)) {
      const isPair = LEADS.has(bytes[at - 1]);
      const before = bytes[isPair ? at - 2 : at - 1] ?? 0;
      if (isWordByte(before) && (isPair || last === SOFT_HYPHEN)) {
        return true;
      }
    }
  }
  return false;
}

/** Newsletters pad with them; only inside a word do they hide something. */
const INSIDE_WORD = new RegExp(`[A-Za-z0-9]${INVISIBLE}{1,8}[A-Za-z0-9-]`, 'i');

export function withoutInvisible(bytes: Buffer): Buffer[] {
  return INSIDE_WORD.test(textOf(bytes)) ? replaced(bytes, new RegExp(INVISIBLE, 'gi'), '') : [];
}

/** Variables of one batch file, and what one may hold, characters. */
const MAX_VARIABLES = 1000;
const VARIABLE = /(?:^|[\r\n&(])[ \t@]{0,16}set[ \t]{1,8}"?([\w.]{1,32})=([^\r\n"&]{0,512})/gi;
/** How many times its size a batch file may have with its variables put in. */
const MAX_GROWTH = 4;

/** A batch file with the values of its variables in their places. */
export function withVariables(bytes: Buffer): Buffer[] {
  const text = textOf(bytes);
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(VARIABLE)) {
    if (values.size < MAX_VARIABLES) {
      values.set(name.toLowerCase(), value);
    }
  }
  let left = text.length * MAX_GROWTH;
  const other = text.replace(/%([\w.]{1,32})%/g, (whole, name: string) => {
    const value = values.get(name.toLowerCase());
    left -= value?.length ?? 0;
    return value === undefined || left < 0 ? whole : value;
  });
  return other === text ? [] : [Buffer.from(other, 'latin1')];
}

/** Uses of the format operator in one script, its arguments, and what stands before it, characters. */
const MAX_FORMATS = 256;
const MAX_ARGUMENTS = 256;
const MAX_FORMAT = 4096;
const ARGUMENT = /[\s,(]{0,16}(["'])([^"'\r\n]{0,512})\1/y;

function argumentsAt(text: string, start: number): string[] {
  const found: string[] = [];
  ARGUMENT.lastIndex = start;
  for (let match = ARGUMENT.exec(text); match !== null && found.length < MAX_ARGUMENTS;) {
    found.push(match[2] ?? '');
    match = ARGUMENT.exec(text);
  }
  return found;
}

/** The literal that ends before the operator at `at`. */
function formatBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - MAX_FORMAT), at).replace(/\)?\s{0,8}$/, '');
  const start = before.lastIndexOf(before.at(-1) ?? '', before.length - 2);
  return /["']$/.test(before) && start >= 0 ? before.slice(start + 1, -1) : '';
}

/** What the format operator of PowerShell makes of its literals: `'{1}{0}' -f 'b','a'`. */
export function formatted(bytes: Buffer): Buffer[] {
  const text = textOf(bytes);
  const lines: string[] = [];
  for (const match of text.matchAll(/-f(?=[\s(]{0,8}["'])/gi)) {
    const values = lines.length < MAX_FORMATS ? argumentsAt(text, match.index + 2) : [];
    if (values.length > 0) {
      const format = formatBefore(text, match.index);
      lines.push(format.replace(/\{(\d{1,3})\}/g, (_, place: string) => values[Number(place)] ?? ''));
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
  const other = text.replace(/_x00([0-9a-f]{2})_/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return other.length === text.length ? [] : [Buffer.from(other, 'latin1')];
}
