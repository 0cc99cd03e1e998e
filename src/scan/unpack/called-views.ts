import { addsNames, GIVING_MARKS } from './added-names.ts';
import { viewOf } from './byte-view.ts';
import { CALENDAR_MARKS, calendarText } from './calendar-text.ts';
import { hasCompatibleLetters, withPlainLetters } from './compatible-text.ts';
import { addsElements, COMPUTING_MARKS, withComputedLiterals } from './computed-literals.ts';
import { disarm } from './disarmed.ts';
import { encodedLength } from './encoded-length.ts';
import { brokenLines, HIDING_MARKS, shownText } from './hidden-text.ts';
import { HOST_VIEWS } from './host-views.ts';
import { hasOtherInvisible, INVISIBLE_MARKS, withoutInvisible } from './invisible-text.ts';
import { hasMarkedLines } from './marked-lines.ts';
import { PICKING_MARKS, pickedCharacters } from './picked-characters.ts';
import {
  assembleLiterals,
  hasShellEscapes,
  withoutSeparators,
  withoutShellEscapes,
} from './script-tricks.ts';
import {
  ADDRESS_MARKS,
  formatted,
  promptedText,
  type Report,
  rotated,
  withoutAddressBlanks,
  withoutOfficeEscapes,
  withoutSections,
  hasSplitAttributes,
  withoutTemplates,
  withPlainSlashes,
  QUOTED_SCRIPT_MARKS,
  STYLE_MARKS,
  withoutStyleEscapes,
  withQuotedScripts,
  withVariables,
} from './script-views.ts';
import { ASSEMBLING_MARKS, DOUBTFUL_MARKS, isCall, scriptValues } from './script-values.ts';
import { SHELL_MARKS, shellWords } from './shell-words.ts';
import { unwrappedLines, WRAPPING_MARKS } from './wrapped-lines.ts';

const BACKSLASH = 0x5c;
const ESCAPED_SLASH = Buffer.from(String.raw`\/`);

/** Up to here a text is read without each of the signs in it that shells pass over, and not only without all, bytes. */
const MAX_EACH_SIGN = 2 * 1024 * 1024;

function commands(bytes: Buffer): Buffer[] {
  return withoutShellEscapes(bytes, bytes.length <= MAX_EACH_SIGN).map(disarm);
}

function assembled(bytes: Buffer): Buffer[] {
  const literals = assembleLiterals(bytes);
  const length = encodedLength(literals);
  return length > 0 && length > encodedLength(bytes) ? [literals] : [];
}

/**
 * The word as a method, a name in quotes, or before what a function is given; in prose it stands among words, and in
 * style sheets behind those of a direction.
 */
const REVERSING =
  /(?<!row|column|wrap|alternate)[-.:_'"\]]reverse|(?<!(?:row|column|wrap|alternate)-)reverse\w{0,8}(?:\s*[('"`$@\\[{}^]|\/\*|\s\/[^\s/]|\s*_\s|\s+of\s|\.(?:call|apply|bind)|\s+\w{1,16}\s*[(/])/i;

/** Functions that put what they have got behind the next: `reduce((a, b) => b + a)`, `s = t[i] + s`. */
const PREPENDING =
  /reduce\s?\(\s?(?:function\s?)?\(?(\w{1,16})\s?,\s?(\w{1,16})\s?\)?[^"']{0,40}\2\s?\+\s?\1\b|\b(\w{1,32})\s?=\s?\w{1,32}(?:\[\w{1,16}\]|\.charat\(\w{1,16}\))\s?\+\s?\3\b/i;

function isReversing(bytes: Buffer): boolean {
  const text = bytes.toString('latin1');
  return REVERSING.test(text) || PREPENDING.test(text) || TURNING_LINES.test(text);
}

/** What turns the text of a page round when it is shown (Unicode Bidirectional Algorithm, X4). */
const TURNING = [
  'bidi-override',
  // Behind the name of a tag stands one of these; noise has the letters alone by accident.
  ...[' ', '\t', '\n', '\f', '\r', '/', '>'].map((sign) => `<bdo${sign}`),
  '\u202e',
  '&#8238;',
  '&#x202e;',
];
/** Programs that turn lines round. */
const TURNING_LINES = /\|\s?rev\b(?!=)|\brev\s?<<</;
const TURNING_LINES_MARKS = ['| rev', '|rev', 'rev<<<', 'rev <<<'];

/** Readings that a word in the text calls for, on top of the others and in this order. */
export const CALLED_VIEWS: readonly {
  readonly name: string;
  readonly words: readonly string[];
  readonly read: (bytes: Buffer, report: Report) => Buffer[];
  /** Other signs that call for it. */
  readonly isCalled?: (bytes: Buffer) => boolean;
  /** Words that call for it where `isMeant` says so. */
  readonly doubtful?: readonly string[];
  readonly isMeant?: (bytes: Buffer) => boolean;
}[] = [
  { name: 'plain', words: [], read: withPlainLetters, isCalled: hasCompatibleLetters },
  {
    name: 'computed',
    words: COMPUTING_MARKS,
    read: (bytes) => withComputedLiterals(bytes).map(disarm),
    isCalled: addsElements,
  },
  {
    name: 'quoted',
    words: QUOTED_SCRIPT_MARKS,
    read: (bytes) => withQuotedScripts(bytes).map(disarm),
  },
  { name: 'shell', words: SHELL_MARKS, read: (bytes) => shellWords(bytes).map(disarm) },
  { name: 'picked', words: PICKING_MARKS, read: (bytes) => pickedCharacters(bytes).map(disarm) },
  { name: 'style', words: STYLE_MARKS, read: (bytes) => withoutStyleEscapes(bytes).map(disarm) },
  {
    name: 'fields',
    words: ['type=hidden', 'type="hidden"', "type='hidden'"],
    read: assembled,
  },
  {
    name: 'command',
    words: ['powershell', 'iex ', 'invoke-', '@echo', 'cmd.exe', 'cmd /', 'echo ', '#!/'],
    read: commands,
    isCalled: hasShellEscapes,
  },
  {
    name: 'values',
    words: ASSEMBLING_MARKS,
    read: (bytes) => scriptValues(bytes).map(disarm),
    doubtful: [...DOUBTFUL_MARKS, ...GIVING_MARKS],
    isMeant: (bytes) => isCall(bytes) || addsNames(bytes),
  },
  { name: 'unwrapped', words: WRAPPING_MARKS, read: unwrappedLines, isCalled: hasMarkedLines },
  { name: 'cleared', words: ['replace', 'split'], read: (bytes) => withoutSeparators(bytes).map(disarm) },
  { name: 'assembled', words: ['atob', 'base64'], read: assembled },
  {
    name: 'reversed',
    words: TURNING,
    read: (bytes) => [viewOf(bytes.toReversed())],
    doubtful: [...TURNING_LINES_MARKS, 'reverse', 'reduce(', '[i]+', '[i] +', 'charat(i)+', 'charat(i) +'],
    isMeant: isReversing,
  },
  {
    name: 'attributes',
    words: [' data-'],
    read: (bytes) => (hasSplitAttributes(bytes) ? assembled(bytes) : []),
  },
  {
    name: 'template',
    words: ['`${', "${'", '${"', '${`'],
    read: (bytes) => withoutTemplates(bytes).map(disarm),
  },
  { name: 'address', words: ADDRESS_MARKS, read: (bytes) => withoutAddressBlanks(bytes).map(disarm) },
  { name: 'sections', words: [']]><![cdata['], read: (bytes) => withoutSections(bytes).map(disarm) },
  { name: 'calendar', words: CALENDAR_MARKS, read: (bytes) => calendarText(bytes).map(disarm) },
  {
    name: 'visible',
    words: INVISIBLE_MARKS,
    read: (bytes) => withoutInvisible(bytes).map(disarm),
    isCalled: hasOtherInvisible,
  },
  {
    name: 'slashes',
    words: [],
    read: (bytes) => withPlainSlashes(bytes).map(disarm),
    // The search for one byte is many times faster, and most texts have none of it.
    isCalled: (bytes) => bytes.includes(BACKSLASH) && bytes.includes(ESCAPED_SLASH),
  },
  { name: 'characters', words: ['_x00'], read: (bytes) => withoutOfficeEscapes(bytes).map(disarm) },
  {
    name: 'variables',
    words: ['\nset ', '&set ', '& set '],
    isCalled: (bytes) => /^@?set /i.test(bytes.toString('latin1', 0, 8)),
    read: (bytes, report) => withVariables(bytes, report).map(disarm),
  },
  { name: 'prompted', words: ['set /p'], read: (bytes) => promptedText(bytes).map(disarm) },
  { name: 'formatted', words: ['{0}'], read: (bytes, report) => formatted(bytes, report).map(disarm) },
  { name: 'shown', words: HIDING_MARKS, read: (bytes) => shownText(bytes).map(disarm) },
  { name: 'broken', words: ['begin 6', 'begin 7'], read: (bytes) => brokenLines(bytes).map(disarm) },
  { name: 'rotated', words: ['rot13', 'rot(', 'n-za-m'], read: rotated },
  ...HOST_VIEWS,
];

/** The place of what a script puts together among them. */
export const VALUES = CALLED_VIEWS.findIndex(({ name }) => name === 'values');
