/** How a line of HTTP or SMTP begins: a browser or a mail server that was led here (ALPACA). */
const FOREIGN_WORD = /^(GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS|TRACE|CONNECT|PRI|HELO|EHLO) /i;
const FOREIGN_HEADER = /^[A-Za-z-]+:/;

/** Is this another protocol? */
export function isForeignLine(line: string): boolean {
  return FOREIGN_WORD.test(line) || FOREIGN_HEADER.test(line);
}

/** Is this word the first one of another protocol, where a tag should be? */
export function isForeignTag(tag: string): boolean {
  return FOREIGN_WORD.test(`${tag} `);
}
