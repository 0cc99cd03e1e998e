/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Words whose letters stand in a file one behind the other but for what nobody sees, or that record edges cut. */
import { gzipSync } from 'node:zlib';
import { buildOle } from '../../src/scan/unpack/ole-for-test.ts';
import { le } from './container-bytes.ts';
import { payload, plainMail, Row, type Technique, type Word } from './technique.ts';

/** The letters of the word, `between` each two of them. */
function spelled(word: Word, between: string): string {
  return Array.from(word).join(between);
}

function shown(): Technique[] {
  const row = new Row('documents', 'text shown otherwise', 'browsers and clients that show HTML');
  const page = (between: string) => (word: Word) =>
    Buffer.from(`<html><body><p>see ${spelled(word, between)}</p></body></html>`);
  return row
    .attached('variation selectors', 'a.html', page('\ufe00\ufe0f'))
    .attached('tags of Unicode', 'a.html', page('\u{e0020}\u{e007f}'))
    .attached('signs of directions', 'a.html', page('\u200e\u202c'))
    .attached('signs of Mongolian', 'a.html', page('\u180b'))
    .attached('references to directions', 'a.html', page('&lrm;&rlm;'))
    .attached('old controls of Unicode', 'a.html', page('\u206a'))
    .attached('signs of annotations', 'a.html', page('\ufff9\ufffb'))
    .attached('fillers of Hangul', 'a.html', page('\u3164\uffa0'))
    .attached('controls of music', 'a.html', page('\u{1d173}\u{1d17a}'))
    .attached('names of invisible operators', 'a.html', page('&NoBreak;&InvisibleTimes;'))
    .attached('names of spaces without width', 'a.html', page('&ZeroWidthSpace;&NegativeThinSpace;'))
    .attached('numbers of signs that nobody sees', 'a.html', page('&#xFFF9;&#12644;'))
    .attached('the soft hyphen without a semicolon', 'a.html', page('&shy')).cases;
}

function rtfs(): Technique[] {
  const row = new Row('documents', 'RTF', 'Word');
  const rtf = (between: string) => (word: Word) =>
    Buffer.from(`{\\rtf1\\ansi see ${spelled(word, between)} here\\par}`);
  return row
    .attached('bookmarks in a word', 'a.rtf', rtf('{\\*\\bkmkstart a}'))
    .attached('hidden letters in a word', 'a.rtf', rtf('{\\v x}'))
    .attached('hidden letters up to a control word', 'a.rtf', rtf('\\v x\\v0 '))
    .attached('titles in a word', 'a.rtf', rtf('{\\info{\\title x}}'))
    .attached('deleted letters in a word', 'a.rtf', rtf('{\\deleted x}'))
    .attached('unknown groups in groups', 'a.rtf', rtf('{\\*\\zz {\\b x}y}')).cases;
}

function calendars(): Technique[] {
  const row = new Row('sealed envelopes', 'iCalendar and vCard', 'Outlook, Apple Calendar, Thunderbird');
  const references = (word: Word): string =>
    Array.from(word, (letter) => `&#${letter.charCodeAt(0)}\\;`).join('');
  return row
    .whole('references in the page of an invitation', (word) =>
      plainMail(
        'Content-Type: text/calendar; method=REQUEST',
        `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nX-ALT-DESC;FMTTYPE=text/html:<p>${references(word)}</p>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`,
      ),
    )
    .whole('soft hyphens in the page of an invitation', (word) =>
      plainMail(
        'Content-Type: text/calendar; method=REQUEST',
        `BEGIN:VCALENDAR\r\nX-ALT-DESC:<p>${spelled(word, '&shy\\;<b></b>')}</p>\r\nEND:VCALENDAR\r\n`,
      ),
    )
    .whole('a text with an escaped comma in lines', (word) =>
      plainMail(
        'Content-Type: text/x-vcard',
        `BEGIN:VCARD\r\nNOTE:<p>a\\, ${references(word).replace(/.{30}/g, '$&\r\n ')}</p>\r\nEND:VCARD\r\n`,
      ),
    ).cases;
}

/** One record of a workbook. */
function record(kind: number, content: Buffer): Buffer {
  return Buffer.concat([le(kind, 2), le(content.length, 2), content]);
}

function workbooks(): Technique[] {
  const row = new Row('documents', 'OLE2 and VBA', 'Excel; LibreOffice');
  const book = (...records: readonly Buffer[]): Buffer => {
    const bytes = Buffer.concat([
      record(0x809, Buffer.alloc(16, 6)),
      ...records,
      record(0x0a, Buffer.alloc(0)),
    ]);
    return buildOle([{ name: 'Workbook', bytes }]);
  };
  const counts = Buffer.concat([le(1, 4), le(1, 4)]);
  const start = (word: Word, to: number): Buffer =>
    Buffer.concat([le(word.length, 2), Buffer.from([0]), Buffer.from(word.slice(0, to))]);
  const narrow = (text: string): Buffer => record(0x3c, Buffer.concat([Buffer.from([0]), Buffer.from(text)]));
  const wide = (text: string): Buffer =>
    record(0x3c, Buffer.concat([Buffer.from([1]), Buffer.from(text, 'utf16le')]));
  const cell = (word: Word, to: number): Buffer => record(0xfc, Buffer.concat([counts, start(word, to)]));
  const shape = (word: Word): Buffer =>
    record(0x1b6, Buffer.concat([Buffer.alloc(10), le(word.length, 2), Buffer.alloc(6)]));
  return row
    .attached('a cell over two records', 'a.xls', (word) => book(cell(word, 6), narrow(word.slice(6))))
    .attached('a cell that goes on in two bytes a letter', 'a.xls', (word) =>
      book(cell(word, 4), wide(word.slice(4))),
    )
    .attached('the result of a formula over two records', 'a.xls', (word) =>
      book(record(0x207, start(word, 5)), narrow(word.slice(5))),
    )
    .attached('the text of a shape over two records', 'a.xls', (word) =>
      book(shape(word), wide(word.slice(0, 3)), narrow(word.slice(3)), record(0x3c, Buffer.alloc(16))),
    ).cases;
}

function digits(): Technique[] {
  const row = new Row('documents', 'dumps of numbers', 'xxd, certutil');
  const lines = (digitsOf: (word: Word) => string) => (word: Word) =>
    Buffer.from(`Hello\nthere\n${digitsOf(word)}\nBest wishes\n`);
  return row
    .attached(
      'hex digits on one line of a text',
      'a.txt',
      lines((word) => gzipSync(payload(word)).toString('hex')),
    )
    .attached(
      'hex digits in lines of a text',
      'a.txt',
      lines((word) => payload(word).toString('hex').replace(/.{48}/g, '$&\n')),
    )
    .attached('numbers in quotes', 'a.js', (word) =>
      Buffer.from(`new Uint8Array([${Array.from(payload(word), (byte) => `"${byte}"`).join(',')}])`),
    )
    .attached('hex numbers in quotes', 'a.ps1', (word) =>
      Buffer.from(
        `[byte[]]$a = @(${Array.from(payload(word), (byte) => `'0x${byte.toString(16)}'`).join(', ')})`,
      ),
    ).cases;
}

export function hiddenTechniques(): Technique[] {
  return [...shown(), ...rtfs(), ...calendars(), ...workbooks(), ...digits()];
}
