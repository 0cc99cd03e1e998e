/** Texts that only a page, a host of scripts or a program of the shell shows as they are meant. */
import { uuencode } from './mime-evasions.ts';
import { payload, plainMail, Row, type Technique } from './technique.ts';

function page(html: string): Buffer {
  return plainMail('Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit', html);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function uuLines(file: Buffer): string[] {
  return Array.from({ length: Math.ceil(file.length / 45) }, (_, at) =>
    uuencode(file.subarray(at * 45, at * 45 + 45)),
  );
}

function hiddenLetters(): Technique[] {
  const row = new Row('documents', 'text shown otherwise', 'browsers and clients that show HTML');
  const between: Readonly<Record<string, string>> = {
    'by display': '<span style="display: none">q7</span>',
    'by the size of a font': "<span style='font-size:0'>q7</span>",
    'by a colour': '<font color="#ffffff">q</font>',
    'by an attribute': '<b hidden>q7</b>',
    'by a class': '<i class="a x9">q7</i>',
  };
  const sheet = '<style>.a{color:red}\r\nspan.k, .x9 { font-size : 0px }</style>';
  for (const [name, what] of Object.entries(between)) {
    row.whole(`letters between those of a word, hidden ${name}`, (word) =>
      page(`${sheet}<p>${Array.from(word).join(what)}</p>`),
    );
  }
  return row.whole('a uuencoded file whose lines a page breaks', (word) =>
    page(
      `begin 644 a<br>\r\n${uuLines(payload(word, 8)).map(escaped).join('<br>\r\n')}<br>\r\n\`<br>\r\nend`,
    ),
  ).cases;
}

export function hostTechniques(): Technique[] {
  return [...hiddenLetters()];
}
