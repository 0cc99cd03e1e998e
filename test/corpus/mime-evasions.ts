/**
 * Messages that hide a harmless marker the way real senders hide content from scanners, one or more for each row of
 * the technique table in the evasion notes. Built by code; every case names the row it stands for.
 */

/** What the test engine looks for. */
export const MARKER = 'POSTERN-TEST';

/** The marker in base64; its length is a multiple of four, so there is no padding. */
export const MARKER64 = Buffer.from(MARKER).toString('base64');

export interface Evasion {
  /** Row of the technique table. */
  readonly row: string;
  readonly name: string;
  readonly message: Buffer;
}

const ENCODED = `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64`;
const LEAF = `${ENCODED}\r\n\r\n${MARKER64}`;
const HELLO = 'Content-Type: text/plain\r\n\r\nhello';
const TOP = 'From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n';

function evasion(row: string, name: string, message: string | Buffer): Evasion {
  return { row, name, message: typeof message === 'string' ? Buffer.from(message, 'latin1') : message };
}

/** A single-part message with these header lines. */
function single(fields: string, body: string, separator = '\r\n\r\n'): string {
  return `${TOP}${fields}${separator}${body}`;
}

/** A body of parts between delimiters. */
export function partsOf(boundary: string, ...parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}

/** A multipart whose Content-Type line is given as it stands. */
function multi(contentType: string, boundary: string, ...parts: readonly string[]): string {
  return single(contentType, partsOf(boundary, ...(parts.length > 0 ? parts : [HELLO, LEAF])));
}

const mixed = (parameters: string): string => `Content-Type: multipart/mixed; ${parameters}`;

function framing(): Evasion[] {
  const row = 'framing';
  const body64 = (separator: string): string => single(ENCODED, MARKER64, separator);
  const starts: readonly [string, string][] = [
    ['empty line first', '\r\n'],
    ['mbox From line first', 'From a@b Mon Jan  1 00:00:00 2026\r\n'],
    ['byte-order mark first', '\xef\xbb\xbf'],
    ['line without colon first', 'hello world\r\n'],
  ];
  const separators = [
    '\r\n\r',
    '\r\n\n',
    '\n\n',
    '\r\r',
    '\n\r',
    '\r\n \t \r\n',
    '\r\n\x01\x02\r\n',
    '\r\nnonsense\r\n',
    '\r\n',
  ];
  const ends = ['\r', '\n', '\n\r', '\r\r\n', '\r\n\n', '\r\n\r\r', '\r\x01'];
  return [
    ...starts.map(([name, prefix]) => evasion(row, name, prefix + single(ENCODED, MARKER64))),
    ...separators.map((text) => evasion(row, `separator ${JSON.stringify(text)}`, body64(text))),
    ...ends.map((end) => {
      const header = `${TOP}Content-Type: text/plain${end}Content-Transfer-Encoding: base64`;
      return evasion(row, `field ended by ${JSON.stringify(end)}`, `${header}\r\n\r\n${MARKER64}`);
    }),
    evasion(row, 'junk line in the header', single(`hello world\r\n${ENCODED}`, MARKER64)),
    evasion(
      row,
      'fields after the empty line',
      single('X-A: b', `Content-Transfer-Encoding: base64\r\n\r\n${MARKER64}`),
    ),
    evasion(
      row,
      'late field',
      single(`${'X-Padding: yyyyyyyyyyyyyyyyyyyy\r\n'.repeat(300)}${ENCODED}`, MARKER64),
    ),
    evasion(row, 'late value', single(`Content-Transfer-Encoding:${' '.repeat(2000)}base64`, MARKER64)),
    evasion(row, 'blank continuation', single(`X-A: b\r\n  \r\n${ENCODED}`, MARKER64)),
    evasion(row, 'no MIME fields at all', `From: a@b\r\n\r\n${MARKER64}\r\n`),
    evasion(row, 'cut before the last delimiter', multi(mixed('boundary=b'), 'b').slice(0, -9)),
    evasion(row, 'marker in an encoded word', `${TOP}X-A: =?utf-8?b?${MARKER64}?=\r\n\r\nhello`),
    evasion(row, 'no header, only the file', MARKER64),
  ];
}

function encodingFields(): Evasion[] {
  const values = [
    'base64\r\nContent-Transfer-Encoding: quoted-printable',
    'quoted-printable\r\nContent-Transfer-Encoding: base64',
    '7bit\r\nContent-Transfer-Encoding: base64',
    'base64, quoted-printable',
    '"base64", quoted-printable',
    'xxx, base64',
    'bASe64',
    'bas\r\n e64',
    'base64-',
    'base645',
    'base64base64',
    'Content-Transfer-Encoding: base64',
    'ba\0se64',
    '\0base64',
    'base64\0',
    '(x)base64',
    'base64(quoted-printable',
    '(never\r\n closed) base64',
    '=?US-ASCII?Q?base64?=',
    'ba=?US-ASCII?Q?se64?=',
    "'base64'",
    'x-gzip64',
  ];
  const names = ['Content-Transfer-Encoding ', 'Content-Transfe(x)r-Encoding', 'Content-Transfer\0-Encoding'];
  const field = 'Content-Type: application/octet-stream\r\n';
  return [
    ...values.map((value) =>
      evasion(
        'transfer encoding field',
        JSON.stringify(value),
        single(`${field}Content-Transfer-Encoding: ${value}`, MARKER64),
      ),
    ),
    ...names.map((name) =>
      evasion('transfer encoding field', JSON.stringify(name), single(`${field}${name}: base64`, MARKER64)),
    ),
    evasion(
      'transfer encoding field',
      'in a part',
      multi(mixed('boundary=b'), 'b', LEAF.replace('base64', 'x, base64')),
    ),
  ];
}

function typeFields(): Evasion[] {
  const row = 'content type field';
  const lines: readonly string[] = [
    'Content-Type: multipart/mixed; boundary=a\r\nContent-Type: multipart/mixed; boundary=b',
    'Content-Type: multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=a',
    'Content-Type: application/octet-stream\r\nContent-Type: multipart/mixed; boundary=b',
    'Content-Type: mUltIpARt/mIxeD; BOUNDARY=b',
    'Content-Type: multipart; boundary=b',
    'X-A: b\r\n Content-Type: multipart/mixed; boundary=b',
    ': multipart/mixed; boundary=b',
    'Content-Type: Content-Type: multipart/mixed; boundary=b',
    'Content-Type: multi\0part/mixed; boundary=b',
    'Content-Type: multipart/mixed; boundary=a; boundary=b',
    'Content-Type: multipart/mixed; boundary=b; boundary=a',
    'Content-Type: multipart/mixed; boundary=a, boundary=b',
    "Content-Type: multipart/mixed; boundary*=us-ascii''b",
    "Content-Type: multipart/mixed; boundary*=us-ascii''b; boundary=a",
    "Content-Type: multipart/mixed; boundary*=us-ascii''%62",
    'Content-Type: multipart/mixed;\n boundary=b',
    'Content-Type: multipart/mixed;\r boundary=b',
    'Content-Type: text/plain; boundary=b',
    'Content-Type: multipart/x-foo; boundary=b',
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Type: multipart/mixed',
    'X-No-Content-Type: 1',
  ];
  const segmented = [
    'boundary*0=fo; boundary*1=o',
    'boundary*1=o; boundary*0=fo',
    "boundary*0*=us-ascii''fo; boundary*1*=%6f",
    'boundary*0=fo; boundary*5=o',
    'boundary="=?US-ASCII?Q?foo?="',
    "boundary*=utf-16''%00f%00o%00o",
  ];
  return [
    ...lines.map((line) => evasion(row, JSON.stringify(line), multi(line, 'b'))),
    ...segmented.map((line) => evasion(row, JSON.stringify(line), multi(mixed(line), 'foo'))),
  ];
}

function boundaries(): Evasion[] {
  const row = 'boundary';
  const foo = [
    '"foo"',
    '"fo\\o"',
    '""foo',
    '"foo',
    'foo ',
    'foo(c)',
    '(c)foo',
    '"fo\r\n o"',
    '(boundary=bar)foo',
    "'foo'",
  ];
  const pairs: readonly [string, string][] = [
    ['"bar"foo', 'barfoo'],
    ['"bar"foo', 'foo'],
    ['"bar"foo', 'bar'],
    ['"foo;foo"', 'foo;foo'],
    ['foo;foo', 'foo;foo'],
    ["'foo'", "'foo'"],
    ['""', ''],
    ['', ''],
    ['"-----"', '-----'],
    ['"foo bar"', 'foo bar'],
    ['" foo"', ' foo'],
    ['foo(c)foo', 'foofoo'],
    ['fo\0o', 'fo\0o'],
    [`"${'x'.repeat(200)}"`, 'x'.repeat(200)],
  ];
  const parameters = ['boundary = foo', 'bound=foo', ' boundary\t=\tfoo'];
  return [
    ...foo.map((value) => evasion(row, value, multi(mixed(`boundary=${value}`), 'foo'))),
    ...pairs.map(([value, used]) =>
      evasion(
        row,
        `${JSON.stringify(value)} for ${JSON.stringify(used)}`,
        multi(mixed(`boundary=${value}`), used),
      ),
    ),
    ...parameters.map((line) => evasion(row, line, multi(mixed(line), 'foo'))),
    evasion(row, 'no semicolon', multi('Content-Type: multipart/mixed boundary=foo', 'foo')),
  ];
}

function structure(): Evasion[] {
  const row = 'structure';
  const head = single(mixed('boundary=foo'), '');
  const line = (delimiter: string): string =>
    `${head}--foo\r\n${HELLO}\r\n${delimiter}\r\n${LEAF}\r\n--foo--\r\n`;
  const inner = (parameter: string, boundary: string): string =>
    `Content-Type: multipart/alternative${parameter}\r\n\r\n${partsOf(boundary, HELLO, LEAF)}`;
  const encoded = Buffer.from(partsOf('foo', HELLO, LEAF)).toString('base64');
  return [
    ...[' --foo', '--foo   ', '--foo\t', '--foo junk', '>--foo', '--foo\x01', 'text\r--foo'].map(
      (delimiter) => evasion(row, `delimiter ${JSON.stringify(delimiter)}`, line(delimiter)),
    ),
    evasion(
      row,
      'parts after the closing delimiter',
      `${head}--foo\r\n${HELLO}\r\n--foo--\r\n--foo\r\n${LEAF}\r\n`,
    ),
    evasion(row, 'no closing delimiter', `${head}--foo\r\n${HELLO}\r\n--foo\r\n${LEAF}\r\n`),
    evasion(row, 'entity in the preamble', `${head}${LEAF}\r\n${partsOf('foo', HELLO)}`),
    evasion(row, 'entity in the epilogue', `${head}${partsOf('foo', HELLO)}${LEAF}\r\n`),
    evasion(
      row,
      'inner part with the outer boundary',
      `${head}--foo\r\n${inner('; boundary=foo', 'foo')}--foo--\r\n`,
    ),
    evasion(
      row,
      'inner boundary is a prefix',
      `${head}--foo\r\n${inner('; boundary=fo', 'fo')}\r\n--foo--\r\n`,
    ),
    evasion(
      row,
      'outer boundary is a prefix',
      `${head}--foo\r\n${inner('; boundary=foobar', 'foobar')}\r\n--foo--\r\n`,
    ),
    evasion(row, 'inner part without boundary', `${head}--foo\r\n${inner('', 'bar')}\r\n--foo--\r\n`),
    evasion(
      row,
      'inner part goes on behind the outer end',
      `${head}--foo\r\nContent-Type: multipart/mixed; boundary=bar\r\n\r\n--foo--\r\n${partsOf('bar', HELLO, LEAF)}`,
    ),
    evasion(row, 'empty line after the delimiter', `${head}--foo\r\n\r\n${LEAF}\r\n--foo--\r\n`),
    evasion(
      row,
      'base64 on the multipart',
      single(`${mixed('boundary=foo')}\r\nContent-Transfer-Encoding: base64`, encoded),
    ),
    evasion(
      row,
      'digest without part types',
      `${single('Content-Type: multipart/digest; boundary=foo', '')}${partsOf('foo', `\r\n${TOP}${ENCODED}\r\n\r\n${MARKER64}`)}`,
    ),
    evasion(
      row,
      'type lies',
      multi(mixed('boundary=b'), 'b', LEAF.replace('application/octet-stream', 'image/png')),
    ),
    evasion(row, 'LF only', multi(mixed('boundary=b'), 'b').replaceAll('\r\n', '\n')),
    evasion(row, 'CR only', multi(mixed('boundary=b'), 'b').replaceAll('\r\n', '\r')),
    evasion(row, 'CR CR LF', multi(mixed('boundary=b'), 'b').replaceAll('\r\n', '\r\r\n')),
    evasion(
      row,
      'CR CR LF in an attached message',
      single('Content-Type: message/rfc822', multi(mixed('boundary=b'), 'b').replaceAll('\r\n', '\r\r\n')),
    ),
  ];
}

function base64Bodies(): Evasion[] {
  const row = 'base64 body';
  const bodies: readonly [string, string][] = [
    ['junk', 'UE9T.VEVS#Ti1U RVNU'],
    ['one character a line', Buffer.from(MARKER64).toString('latin1').split('').join('\r\n')],
    ['six a line', 'UE9TVE\r\nVSTi1U\r\nRVNU'],
    ['dash as junk', 'UE9T-VEVSTi1URVNU'],
    ['underscore as junk', 'UE9T_VEVSTi1URVNU'],
    ['= inside', 'UE8=U1Q=RVI=Ti0=VEVTVA=='],
    [
      'every byte its own group',
      Buffer.from(MARKER).reduce((text, byte) => text + Buffer.from([byte]).toString('base64'), ''),
    ],
    ['= at each line end', 'UE9T=\r\nVEVS=\r\nTi1U=\r\nRVNU=\r\n'],
    ['leftover characters', `${MARKER64}U`],
    ['no padding', Buffer.from(`x${MARKER}`).toString('base64').replaceAll('=', '')],
    ['too much padding', `${MARKER64}=====`],
    ['text after it', `${MARKER64}\r\n\r\n-- \r\nThis list is run by nobody. See the archive.`],
    ['text before it', `!!!! ????\r\n${MARKER64}`],
    ['NUL inside', 'UE9T\0VEVS\0Ti1URVNU'],
    ['base64url', Buffer.from(`\xfb\xff${MARKER}`, 'latin1').toString('base64url')],
    ['twice', Buffer.from(MARKER64).toString('base64')],
    ['one endless line', Buffer.from('x'.repeat(30_000) + MARKER).toString('base64')],
  ];
  return [
    ...bodies.map(([name, body]) => evasion(row, name, single(ENCODED, body))),
    ...bodies.map(([name, body]) =>
      evasion(row, `${name}, in a part`, multi(mixed('boundary=b'), 'b', `${ENCODED}\r\n\r\n${body}`)),
    ),
    evasion(
      row,
      'quoted-printable inside base64',
      single(ENCODED, Buffer.from('=50=4F=53=54=45=52=4E=2D=54=45=53=54').toString('base64')),
    ),
    evasion(row, 'no field names it', single('Content-Type: text/plain', MARKER64)),
  ];
}

function quotedPrintableBodies(): Evasion[] {
  const row = 'quoted-printable body';
  const bodies: readonly [string, string][] = [
    ['plain', '=50=4F=53TERN-TEST'],
    ['soft break LF', 'POST=\nERN-TEST'],
    ['soft break CR', 'POST=\rERN-TEST'],
    ['soft break with blank', 'POST= \r\nERN-TEST'],
    ['soft break with tab', 'POST=\t\r\nERN-TEST'],
    ['soft break CR CR LF', 'POST=\r\r\nERN-TEST'],
    ['escape cut in two', 'POSTERN=2=\r\nDTEST'],
    ['lower case', 'POSTERN=2dTEST'],
    ['bad escapes around', '=2= =@= == POSTERN=2DTEST =0x41'],
    ['blanks after each line', 'POST=   \r\nERN-=  \r\nTEST'],
    ['blanks before each line', 'POST=\r\n   ERN-=\r\n   TEST'],
    ['one huge line', `${'x'.repeat(20_000)}POSTERN=2DTEST`],
    ['never escaped line end', 'POSTERN=2DTEST='],
  ];
  const field = 'Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable';
  return bodies.map(([name, body]) => evasion(row, name, single(field, body)));
}

function embedded(): Evasion[] {
  const row = 'embedded message';
  const message = multi(mixed('boundary=in'), 'in');
  const sealed = Buffer.from(message, 'latin1').toString('base64');
  const part = (fields: string, body: string): string =>
    multi(mixed('boundary=b'), 'b', HELLO, `${fields}\r\n\r\n${body}`);
  return [
    evasion(row, 'message/rfc822', part('Content-Type: message/rfc822', message)),
    evasion(
      row,
      'base64 on message/rfc822',
      part('Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64', sealed),
    ),
    evasion(row, 'message/global', part('Content-Type: message/global', message)),
    evasion(row, 'message/news', part('Content-Type: message/news', message)),
    evasion(row, 'eml as octet-stream', part('Content-Type: application/octet-stream; name=a.eml', message)),
    evasion(
      row,
      'eml as base64',
      part('Content-Type: application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: base64', sealed),
    ),
    evasion(
      row,
      'mbox',
      part(
        'Content-Type: application/mbox',
        `From a Mon Jan 1\r\n${TOP}\r\nhello\r\n\r\nFrom b Mon Jan 1\r\n${message}`,
      ),
    ),
    evasion(row, 'message as the text of a mail', single('Content-Type: text/plain', message)),
    evasion(
      row,
      'two levels',
      part('Content-Type: message/rfc822', part('Content-Type: message/rfc822', message)),
    ),
  ];
}

function utf7(text: string): string {
  const wide = Buffer.from(text, 'utf16le').swap16();
  return `+${wide.toString('base64').replaceAll('=', '')}-`;
}

function charsets(): Evasion[] {
  const row = 'charset';
  const little = Buffer.from(`\ufeffx ${MARKER}`, 'utf16le');
  const big = Buffer.from(little).swap16();
  const wide = Buffer.concat(
    Array.from(Buffer.from(`x ${MARKER}`), (letter) => Buffer.from([letter, 0, 0, 0])),
  );
  const text = (charset: string, body: Buffer): string =>
    single(
      `Content-Type: text/plain; charset=${charset}\r\nContent-Transfer-Encoding: base64`,
      body.toString('base64'),
    );
  return [
    evasion(row, 'UTF-16 with mark', text('utf-16', little)),
    evasion(row, 'UTF-16 big-endian', text('utf-16be', big)),
    evasion(row, 'UTF-16 without a label or mark', text('us-ascii', little.subarray(2))),
    evasion(row, 'UTF-32', text('utf-32le', wide)),
    evasion(row, 'UTF-7', single('Content-Type: text/plain; charset=utf-7', utf7(MARKER))),
    evasion(row, 'UTF-7 without a label', single('Content-Type: text/plain', `x ${utf7(MARKER)} x`)),
    evasion(
      row,
      'empty shifts of ISO-2022-KR',
      single('Content-Type: text/plain; charset=iso-2022-kr', '\x1b$)CPOST\x0e\x0fERN-\x0e\x0fTEST'),
    ),
    evasion(
      row,
      'empty shifts of HZ',
      single('Content-Type: text/plain; charset=hz-gb-2312', 'POST~{~}ERN~\r\n-TEST'),
    ),
    evasion(
      row,
      'redundant escapes',
      single('Content-Type: text/plain; charset=iso-2022-jp', 'POST\x1b(BERN\x1b(B-TEST'),
    ),
    evasion(row, 'UTF-7 by meta', single('Content-Type: text/html', `<meta charset="utf-7">${utf7(MARKER)}`)),
  ];
}

function letter(value: number): string {
  return String.fromCharCode(value === 0 ? 0x60 : value + 32);
}

/** uuencode of one short line. */
export function uuencode(content: string | Buffer): string {
  const bytes = Buffer.concat([Buffer.from(content), Buffer.alloc((3 - (content.length % 3)) % 3)]);
  let line = letter(content.length);
  for (let i = 0; i < bytes.length; i += 3) {
    const group = bytes.readUIntBE(i, 3);
    line += [18, 12, 6, 0].map((shift) => letter((group >> shift) & 63)).join('');
  }
  return line;
}

function yencode(content: string | Buffer): string {
  return Array.from(Buffer.from(content), (byte) => {
    const code = (byte + 42) & 255;
    return [0, 10, 13, 61].includes(code)
      ? `=${String.fromCharCode((code + 64) & 255)}`
      : String.fromCharCode(code);
  }).join('');
}

/** A file in parts of that size, as news readers post it. */
export function yencParts(content: Buffer, size: number): string[] {
  const total = Math.ceil(content.length / size);
  return Array.from({ length: total }, (_, i) => {
    const part = content.subarray(i * size, (i + 1) * size);
    const from = i * size + 1;
    return (
      `=ybegin part=${i + 1} total=${total} line=128 size=${content.length} name=a.zip\r\n` +
      `=ypart begin=${from} end=${from + part.length - 1}\r\n${yencode(part)}\r\n=yend size=${part.length}\r\n`
    );
  });
}

function inlineCodes(): Evasion[] {
  const row = 'inline encoding';
  const uu = `begin 644 a.bin\r\n${uuencode(MARKER)}\r\n\`\r\nend\r\n`;
  const text = 'Content-Type: text/plain';
  const yenc = `=ybegin line=128 size=${MARKER.length} name=a\r\n${yencode(MARKER)}\r\n=yend size=${MARKER.length}\r\n`;
  return [
    evasion(row, 'uuencode in the text', single(text, `Look:\r\n\r\n${uu}bye`)),
    evasion(row, 'uuencode as an encoding', single(`${text}\r\nContent-Transfer-Encoding: x-uuencode`, uu)),
    evasion(row, 'x-uue', single(`${text}\r\nContent-Transfer-Encoding: x-uue`, uu)),
    evasion(
      row,
      'x-uue without begin',
      single(`${text}\r\nContent-Transfer-Encoding: x-uue`, uu.split('\r\n').slice(1).join('\r\n')),
    ),
    evasion(
      row,
      'uuencode in preformatted HTML',
      single('Content-Type: text/html', `<pre>${uu.trimEnd()}</pre>\r\n`),
    ),
    evasion(row, 'uuencode without end', single(text, uu.split('`')[0] ?? '')),
    evasion(row, 'begin-base64', single(text, `begin-base64 644 a\r\n${MARKER64}\r\n====\r\n`)),
    evasion(row, 'yEnc in the text', single(text, yenc)),
    evasion(
      row,
      'yEnc in two parts',
      single(text, yencParts(Buffer.from(MARKER), 7).join('\r\nand the rest\r\n')),
    ),
    evasion(
      row,
      'yEnc in two parts, the last one first',
      single(text, yencParts(Buffer.from(MARKER), 7).toReversed().join('\r\n')),
    ),
    evasion(
      row,
      'yEnc in parts, of two at one place the last counts',
      single(
        text,
        [...yencParts(Buffer.alloc(MARKER.length, 'x'), 7), ...yencParts(Buffer.from(MARKER), 7)].join(
          '\r\n',
        ),
      ),
    ),
    evasion(row, 'yEnc as an encoding', single(`${text}\r\nContent-Transfer-Encoding: x-yenc`, yenc)),
  ];
}

/** Every case, all rows. */
export function mimeEvasions(): Evasion[] {
  return [
    ...framing(),
    ...encodingFields(),
    ...typeFields(),
    ...boundaries(),
    ...structure(),
    ...base64Bodies(),
    ...quotedPrintableBodies(),
    ...embedded(),
    ...charsets(),
    ...inlineCodes(),
  ];
}
