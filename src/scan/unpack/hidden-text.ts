import { latin1 } from './byte-view.ts';
import { ByteCuts } from './byte-cuts.ts';
import { decodeEntities } from './text-views.ts';

/**
 * What a reader sees of a page: letters that a style hides stand between the letters of a word, so that a search for
 * the word finds nothing in the source. Elements that hide whole lines, such as the preview texts of newsletters, are
 * left where they are.
 */

/** Words of pages in which something may be hidden, as they stand in styles and attributes. */
export const HIDING_MARKS: readonly string[] =
  'display:none|display: none|display :|font-size:0|font-size: 0|font-size :|visibility:hidden|visibility: hidden|opacity:0|opacity: 0|mso-hide:all|mso-hide: all| hidden>| hidden |hidden="|font-size:1px|font-size: 1px|overflow:hidden|overflow: hidden|#ffffff|#fff|color:white|color: white|text-indent:-|left:-|max-height:0'.split(
    '|',
  );

/** Declarations by which nothing of an element is seen. */
const HIDING =
  /(?:^|[;{\s"'])(?:display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}(?:hidden|collapse)|font-size\s{0,4}:\s{0,4}(?:1px|0{1,4})(?:\.0{1,4})?(?:px|pt|em|rem|%)?\s{0,4}(?:[;!}"']|$)|opacity\s{0,4}:\s{0,4}0{0,2}(?:\.0{1,4})?\s{0,4}(?:[;!}"']|$)|mso-hide\s{0,4}:\s{0,4}all|(?:max-)?(?:height|width)\s{0,4}:\s{0,4}0(?:px)?\s{0,4}(?:[;!}"']|$)|(?:text-indent|left|top)\s{0,4}:\s{0,4}-\d{3}|color\s{0,4}:\s{0,4}(?:#fff(?:fff)?\b|white\b|transparent\b|rgba?\(\s{0,4}255\s{0,4},\s{0,4}255\s{0,4},\s{0,4}255))/i;
const HIDDEN_ATTRIBUTE = /\shidden(?=[\s=/>])/i;
/** `<font color="#ffffff">` */
const WHITE = /^<font\s[^>]{0,64}color\s{0,4}=\s{0,4}["']?(?:#?ffffff|white)\b/i;
const STYLE = /\sstyle\s{0,4}=\s{0,4}(?:"([^"]{0,1024})"|'([^']{0,1024})'|([^\s>"']{1,256}))/i;
const CLASS = /\s(?:class|id)\s{0,4}=\s{0,4}(?:"([^"]{0,256})"|'([^']{0,256})'|([^\s>"']{1,256}))/gi;
const NAME = /^<\/?([a-z][a-z0-9:-]{0,31})/i;
/** Elements that end a word, and those whose content is no text. */
const BLOCKS =
  /^(?:p|div|br|hr|t[dhr]|table|tbody|li|[uod]l|d[td]|h[1-6]|pre|section|article|body|html|blockquote|center)$/i;
const NO_TEXT = /^(?:style|script|title|template|noscript|textarea)$/i;
const EMPTY = /^(?:br|hr|img|input|meta|link|wbr|col|area|base|source)$/i;

const SELECTED = /[.#]([\w-]{1,64})\s{0,8}(?=,|$)/g;
const MAX_SELECTORS = 1000;
/** Longest rule of a style sheet that is looked at. */
const MAX_RULE = 4096;
const STYLE_SHEET = /<style\b[^>]{0,256}>/gi;
const SHEET_END = '</style';

/** Longest tag that is looked at; a longer one hides nothing. */
const MAX_TAG = 2048;
const OPEN = 0x3c;
const CLOSE = 0x3e;
/** Of the start of a tag: its signs and its name. */
const MAX_NAME = 40;
const SLASH = 0x2f;
const BANG = 0x21;
const BLANK = 0x20;

/** The declarations of each rule of a style sheet, and what stands before them. */
function* rulesOf(sheet: string): Generator<readonly [string, string], void, void> {
  let from = 0;
  for (let close = sheet.indexOf('}'); close >= 0; close = sheet.indexOf('}', from)) {
    const rule = sheet.slice(Math.max(from, close - MAX_RULE), close);
    const open = rule.lastIndexOf('{');
    if (open >= 0) {
      yield [rule.slice(0, open), rule.slice(open + 1)];
    }
    from = close + 1;
  }
}

/** Names of classes and elements that a style sheet of the page hides. */
function hiddenNames(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  let behind = 0;
  for (const { index } of text.matchAll(STYLE_SHEET)) {
    const end = index < behind ? index : text.indexOf(SHEET_END, index);
    behind = end < 0 ? text.length : Math.max(end, behind);
    for (const [selectors, declarations] of rulesOf(text.slice(index, end < 0 ? text.length : end))) {
      const selected = HIDING.test(declarations)
        ? selectors
            .slice(selectors.lastIndexOf('{') + 1)
            .trim()
            .matchAll(SELECTED)
        : [];
      for (const [, name = ''] of names.size < MAX_SELECTORS ? selected : []) {
        names.add(name);
      }
    }
  }
  return names;
}

function isHidden(tag: string, names: ReadonlySet<string>): boolean {
  const [, double, single, bare] = STYLE.exec(tag) ?? [];
  if (HIDING.test(double ?? single ?? bare ?? '') || HIDDEN_ATTRIBUTE.test(tag) || WHITE.test(tag)) {
    return true;
  }
  return (
    names.size > 0 &&
    Array.from(tag.matchAll(CLASS)).some(([, one, other, third]) =>
      (one ?? other ?? third ?? '').split(/\s+/).some((name) => names.has(name)),
    )
  );
}

function isWordByte(byte: number): boolean {
  const letter = byte | 0x20;
  const isSign = byte === 0x2d || byte === 0x5f;
  return isSign || (letter >= 0x61 && letter <= 0x7a) || (byte >= 0x30 && byte <= 0x39);
}

/** An element that is open and of which nothing is seen. */
interface Hiding {
  readonly name: string;
  depth: number;
  /** A letter stood before it. */
  readonly isBehindLetter: boolean;
}

/** Takes tags and what they hide out of a page, in one pass. */
class PageReader {
  readonly #bytes: Buffer;
  readonly #cuts: ByteCuts;
  readonly #names: ReadonlySet<string>;
  #hiding: Hiding | undefined;
  #cutFrom = -1;
  #last = 0;
  /** Something hidden ended, and nothing was seen since. */
  #isOpenWord = false;
  isInWord = false;

  constructor(bytes: Buffer, names: ReadonlySet<string>) {
    this.#bytes = bytes;
    this.#cuts = new ByteCuts(bytes);
    this.#names = names;
  }

  read(): Buffer | undefined {
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length;) {
      const open = bytes.indexOf(OPEN, at);
      const end = open < 0 ? bytes.length : open;
      this.#text(at, end);
      at = open < 0 ? bytes.length : this.#tag(open);
    }
    this.#keep(bytes.length);
    return this.isInWord ? this.#cuts.rest() : undefined;
  }

  #text(start: number, end: number): void {
    if (start === end || this.#hiding !== undefined) {
      return;
    }
    this.#keep(start);
    const isLetter = isWordByte(this.#bytes[start] ?? 0);
    this.isInWord ||= this.#isOpenWord && isLetter;
    this.#isOpenWord = false;
    this.#last = this.#bytes[end - 1] ?? 0;
  }

  /** What stands from the last cut on up to `at` is not seen. */
  #keep(at: number): void {
    if (this.#cutFrom >= 0) {
      this.#cuts.cut(this.#cutFrom, at);
      this.#cutFrom = -1;
    }
  }

  /** The place behind the tag at `open`. */
  #tag(open: number): number {
    this.#cutFrom = this.#cutFrom < 0 ? open : this.#cutFrom;
    const sign = this.#bytes[open + 1] ?? 0;
    const isComment = sign === BANG && latin1(this.#bytes, open, open + 4) === '<!--';
    const close = isComment ? this.#bytes.indexOf('-->', open + 4) + 2 : this.#bytes.indexOf(CLOSE, open);
    const end = close < open ? this.#bytes.length : close + 1;
    const isNamed = sign === SLASH || isWordByte(sign);
    const name = isNamed ? NAME.exec(latin1(this.#bytes, open, open + MAX_NAME))?.[1] : undefined;
    if (name === undefined) {
      return end;
    }
    if (sign === SLASH) {
      this.#closed(name.toLowerCase());
      return end;
    }
    return this.#opened(name, latin1(this.#bytes, open, Math.min(end, open + MAX_TAG)), end);
  }

  #opened(name: string, tag: string, end: number): number {
    if (NO_TEXT.test(name)) {
      return this.#endOfContent(name, end);
    }
    this.#begin(name.toLowerCase(), tag);
    return end;
  }

  #begin(name: string, tag: string): void {
    if (this.#hiding !== undefined) {
      this.#hiding.depth += this.#hiding.name === name ? 1 : 0;
    } else if (this.#mayHide(name) && !tag.endsWith('/>') && isHidden(tag, this.#names)) {
      this.#hiding = { name, depth: 1, isBehindLetter: isWordByte(this.#last) };
    } else if (BLOCKS.test(name)) {
      this.#endWord();
    }
  }

  /** Behind a letter, or behind a blank within a line: most tags of a page stand elsewhere, and are not looked at. */
  #mayHide(name: string): boolean {
    const isBehindWord = isWordByte(this.#last) || (this.#last === BLANK && !BLOCKS.test(name));
    return isBehindWord && !EMPTY.test(name);
  }

  /** Without an end everything behind it is its content. */
  #endOfContent(name: string, from: number): number {
    const close = this.#bytes.indexOf(`</${name}`, from);
    return close < 0 ? this.#bytes.length : close;
  }

  #closed(name: string): void {
    if (this.#hiding?.name === name) {
      this.#hiding.depth -= 1;
      if (this.#hiding.depth === 0) {
        this.#isOpenWord ||= this.#hiding.isBehindLetter;
        this.#hiding = undefined;
      }
    } else if (this.#hiding === undefined && BLOCKS.test(name)) {
      this.#endWord();
    }
  }

  #endWord(): void {
    this.#isOpenWord = false;
    this.#last = 0;
  }
}

/** The text that a page shows, where it hides something inside a word. Takes linear time. */
export function shownText(bytes: Buffer): Buffer[] {
  const text = new PageReader(bytes, hiddenNames(bytes.toString('latin1'))).read();
  return text === undefined ? [] : [decodeEntities(text) ?? text];
}

const BREAK = /<(?:br|div|p|li|td)\b/i;
const BREAKS = /<\/?(?:br|div|p|li|td)\b[^<>]{0,256}>(?:\r?\n)?/gi;
const BLANKS = /&nbsp;|&#160;|&#x0*a0;/gi;

/**
 * A uuencoded file whose lines a page breaks: its brackets are written as references, so that tags go before those
 * are read.
 */
export function brokenLines(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1');
  if (!BREAK.test(text) || !/&(?:lt|gt|amp|quot);/.test(text)) {
    return [];
  }
  const plain = Buffer.from(
    text
      .replace(BREAKS, '\r\n')
      .replace(/<[^<>]{0,2048}>/g, '')
      .replace(BLANKS, ' '),
    'latin1',
  );
  return [decodeEntities(plain) ?? plain];
}
