/** Files inside texts and data that are made for something else. */
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { payload, plainMail, Row, type Technique, type Word } from './technique.ts';

function archive(word: Word): Buffer {
  return buildZip([{ name: 'a.txt', content: payload(word) }]);
}

/** What stands around each line; `n` is its number. */
const MARKS: Readonly<Record<string, (line: string, n: number) => string>> = {
  'quoted lines': (line) => `> ${line}`,
  'lines quoted twice': (line) => `>> ${line}`,
  'lines behind a bar': (line) => `| ${line}`,
  'lines of comments': (line) => `# ${line}`,
  'lines with a comma behind': (line) => `${line},`,
  'lines in quotes': (line) => `"${line}"`,
  'lines of encoded words': (line) => `=?utf-8?B?${line}?=`,
  'numbered lines': (line, n) => `${n}: ${line}`,
};

function markedLines(): Technique[] {
  const row = new Row('MIME', 'base64 in marked lines', 'whoever saves the text and takes the marks away');
  for (const [name, mark] of Object.entries(MARKS)) {
    row.whole(name, (word) => {
      const lines =
        archive(word)
          .toString('base64')
          .match(/.{1,76}/g) ?? [];
      return plainMail('Content-Type: text/plain', `Hello,\r\n\r\n${lines.map(mark).join('\r\n')}\r\n`);
    });
  }
  return row.cases;
}

/** Every case of files inside of texts and data. */
export function carriedTechniques(): Technique[] {
  return markedLines();
}
