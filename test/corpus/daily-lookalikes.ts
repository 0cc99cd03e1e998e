/** Ordinary mail with whole or cut files in its text: what Unix programs and mail servers send every day. */
import { gzipSync } from 'node:zlib';
import { buildZip } from '../../src/scan/unpack/zip-for-test.ts';
import { le, tarEntry } from './container-bytes.ts';
import type { Lookalike } from './lookalikes.ts';
import { uuencode } from './mime-evasions.ts';
import { base64Lines } from './mime-writer.ts';
import { Seeded } from './seeded.ts';
import { CALM, mailWith, plainMail } from './technique.ts';

const TEXT = 'Content-Type: text/plain; charset=us-ascii';

function noise(seed: number, length: number): Buffer {
  return new Seeded(`daily ${seed}`).bytes(length);
}

function archive(seed: number, length: number): Buffer {
  return buildZip([{ name: 'report.bin', content: noise(seed, length) }]);
}

function uuencoded(name: string, file: Buffer): string {
  const lines = Array.from({ length: Math.ceil(file.length / 45) }, (_, at) =>
    uuencode(file.subarray(at * 45, at * 45 + 45)),
  );
  return [`begin 644 ${name}`, ...lines, '`', 'end', ''].join('\r\n');
}

/** Noise can be read in every way: each of these has other signs by accident. */
function uuencodedFiles(): Lookalike[] {
  const sizes = [300, 4000, 9000, 30_000, 120_000];
  return sizes.flatMap((length, seed) => {
    const packed = gzipSync(noise(seed + 50, length));
    const files = { zip: archive(seed, length), gz: packed, dat: packed.subarray(10) };
    return Object.entries(files).flatMap(([kind, file]) => {
      const data = uuencoded(`a.${kind}`, file);
      const name = `uuencoded ${kind} of ${length} bytes of noise`;
      const fields = `Content-Type: application/octet-stream; name="a.${kind}"\r\nContent-Transfer-Encoding: x-uuencode`;
      return [
        { row: 'inline encoding', name, message: plainMail(TEXT, `The file:\r\n\r\n${data}\r\nRegards\r\n`) },
        { row: 'inline encoding', name: `${name}, as an encoding`, message: plainMail(fields, data) },
      ];
    });
  });
}

/** Without its signs the archive in it would be a damaged one. */
function signedBytes(): Lookalike[] {
  const file = buildZip([{ name: 'report.txt', content: noise(90, 60) }]);
  const page = `<script>new Int8Array([${new Int8Array(file).join(', ')}])</script>`;
  return [
    { row: 'script', name: 'a zip as signed bytes', message: plainMail('Content-Type: text/html', page) },
  ];
}

/** A mail with an archive, as a text and up to so many bytes. */
function returned(words: string, length: number): Buffer {
  const mail =
    'Received: by mail.example.org; Fri, 2 Jan 2026 03:04:05 +0000\r\nFrom: a@example.org\r\nSubject: papers\r\n' +
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="q1"\r\n\r\n--q1\r\nContent-Type: text/plain\r\n\r\nsee below\r\n' +
    '--q1\r\nContent-Type: application/zip; name="a.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
    `${base64Lines(archive(7, 6000)).toString()}\r\n--q1--\r\n`;
  return plainMail(TEXT, `${words}\r\n\r\n${mail.slice(0, length)}`);
}

function returnedMail(): Lookalike[] {
  const words = {
    'with a copy below a line': '--- Below this line is a copy of the message.',
    'with its first bytes below some lines':
      '------ The body of the message is 98765 characters long; only the first\r\n------ 2000 or so are included here.',
  };
  return Object.entries(words).flatMap(([name, text]) =>
    [600, 1500, 4000].map((length) => ({
      row: 'embedded message',
      name: `returned mail ${name}, cut after ${length} bytes`,
      message: returned(text, length),
    })),
  );
}

/** A report of a failed delivery with what it returns, as `type` and up to so many bytes. */
function report(type: string, file: Buffer, length: number): Buffer {
  const mail =
    'Received: by mail.example.org; Fri, 2 Jan 2026 03:04:05 +0000\r\nFrom: a@example.org\r\nSubject: papers\r\n' +
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="q1"\r\n\r\n--q1\r\nContent-Type: text/plain\r\n\r\nsee below\r\n' +
    '--q1\r\nContent-Type: application/octet-stream; name="a.dat"\r\nContent-Transfer-Encoding: base64\r\n\r\n' +
    `${base64Lines(file).toString()}\r\n--q1--\r\n`;
  return plainMail(
    'Content-Type: multipart/report; report-type=delivery-status; boundary="r1"',
    `--r1\r\n${TEXT}\r\n\r\nNot delivered.\r\n--r1\r\nContent-Type: message/delivery-status\r\n\r\n` +
      'Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; b@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n' +
      `--r1\r\nContent-Type: ${type}\r\n\r\n${mail.slice(0, length)}\r\n--r1--\r\n`,
  );
}

function reports(): Lookalike[] {
  const files = {
    zip: archive(8, 6000),
    gzip: gzipSync(noise(9, 6000)),
    tar: gzipSync(tarEntry('a', noise(9, 6000))),
  };
  return ['message/rfc822', 'text/rfc822-headers', 'text/plain'].flatMap((type) =>
    Object.entries(files).flatMap(([kind, file]) =>
      [900, 4000, 5001].map((length) => ({
        row: 'embedded message',
        name: `report with ${kind} in ${type}, cut after ${length} bytes`,
        message: report(type, file, length),
      })),
    ),
  );
}

/** What people and programs show of a file, of which nobody can make the file again. */
function shownFiles(): Lookalike[] {
  const lines =
    archive(10, 4000)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  const head = archive(10, 4000).subarray(0, 512);
  const dump = head
    .toString('hex')
    .replace(/(.{2})/g, '$1 ')
    .replace(/(.{48})/g, '$1\r\n');
  const texts: Readonly<Record<string, string>> = {
    'numbered lines, one of them torn': lines
      .map((line, at) => `${at + 1}  ${at === 9 ? line.slice(0, 20) : line}`)
      .join('\r\n'),
    'lines that are quoted in part': `${lines
      .slice(0, 30)
      .map((line) => `> ${line}`)
      .join('\r\n')}\r\n> [...]\r\n\r\nIt came broken.`,
    'lines with remarks': lines
      .map((line, at) => (at % 8 === 0 ? `# chunk ${at}\r\n${line}` : line))
      .join('\r\n'),
    'a value that is shown in part': `binaryData:\r\n  a.zip: ${lines.join('').slice(0, 2000)}...`,
    'the first bytes in digits': dump,
    'a copy before a remark that it is cut': `${returned('Original message follows', 4000).toString('latin1')}\r\n\r\n-- Message truncated --`,
  };
  return Object.entries(texts).map(([name, text]) => ({
    row: 'base64 in marked lines',
    name,
    message: plainMail(TEXT, `See below.\r\n\r\n${text}\r\n`),
  }));
}

function literal(file: Buffer): string {
  return `b"${Array.from(file, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
}

/** The source of a test of archives: one that is damaged, and one under a password. */
function sources(): Lookalike[] {
  const locked = archive(11, 60);
  for (const mark of ['PK\u0003\u0004', 'PK\u0001\u0002']) {
    const at = locked.indexOf(mark, 0, 'latin1') + (mark.charCodeAt(2) === 3 ? 6 : 8);
    locked[at] = (locked[at] ?? 0) | 1;
  }
  const text = `def test_open(self):\n    damaged = ${literal(archive(11, 600).subarray(0, 300))}\n    locked = ${literal(locked)}\n`;
  return [
    {
      row: 'escapes of scripts',
      name: 'the source of a test of archives',
      message: mailWith('test_zip.py', Buffer.from(text)),
    },
  ];
}

/** A zip archive as it goes over a network, the headers of packets in it. */
function capture(): Lookalike {
  const file = archive(12, 6000);
  const packets = Array.from({ length: 5 }, (_, at) =>
    Buffer.concat([noise(at, 70), file.subarray(at * 1460, at * 1460 + 1460)]),
  );
  const head = Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex');
  return {
    row: 'zip',
    name: 'a record of a network',
    message: mailWith('a.pcap', Buffer.concat([head, ...packets])),
  };
}

/** The source of a program in which names stand in quotes one behind the other. */
function source(at: number): string {
  const line = (number: number): string =>
    `self.name${number} = "attribute" + option + 'handler' + "listener${at}" + value[${number}]`;
  return Array.from({ length: 8 }, (_, number) => line(number)).join('\n');
}

function manySources(): Lookalike {
  const files = Array.from({ length: 1100 }, (_, at) => ({
    name: `m${at}.py`,
    content: Buffer.from(source(at)),
  }));
  return { row: 'zip', name: 'many sources of a program', message: mailWith('a.zip', buildZip(files)) };
}

/** Bytes that go on with a length of lz4 whose first four bits are full. */
function furtherLength(length: number): number[] {
  const rest = length - 15;
  return rest < 0 ? [] : [...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255];
}

/** Literals, and what is repeated from so many bytes before; without a length it is the last of its block. */
function sequence(literals: Buffer, distance = 0, length = 0): Buffer {
  const repeated = Math.max(0, length - 4);
  const token = (Math.min(15, literals.length) << 4) | Math.min(15, repeated);
  const match = length === 0 ? [] : [...le(distance, 2), ...furtherLength(repeated)];
  return Buffer.concat([
    Buffer.from([token, ...furtherLength(literals.length)]),
    literals,
    Buffer.from(match),
  ]);
}

/** Programs, pages and prose that have the words by which scripts hide a text. */
function scriptWords(): Lookalike[] {
  const files: Readonly<Record<string, string>> = {
    'a library': `var a=[${Array.from({ length: 64 }, (_, at) => at).join(',')}];function f(s,i){return s.charAt(i)+s.substr(2,3)}\nfor(var i=0;i<n;i+=2){o=s[i]+o}var k="0123456789abcdefghijklmnopqrstuvwxyz";x=k[3]+k[4];y=z.reduce((p,c)=>c+p);\n`,
    'a script of a package': `#!/bin/sh\nset -e\nprefix=/usr\ncase "$1" in configure) echo "Setting up \${prefix}/lib/${CALM}" | sed 's/a//g' | tr -d 'x';; esac\n`,
    'a batch file': `@echo off\r\nset d=%date:~0,4%%date:~5,2%%date:~8,2%\r\nset t=%time:~0,2%\r\ncopy a.txt b-%d%.txt\r\n`,
    'a macro': `For i = 1 To 10 Step 2\r\n s = s & Chr(65 + i) & Mid(t, 3, 1) & Chr(13) & Chr(10)\r\nNext\r\n`,
    'a style sheet': `p::after{content:"\\201C";font-family:"a"}\n.x{direction:rtl}\n`,
    'records that are torn': `:10010000214601360121470136007EFE09D2190140\r\n:00000001FF\r\nS1130000285F245F2212226A000424290008237C2A\r\nS9030000FC\r\n`,
    'a large number': `e = 65537n; m = BigInt("${'1234567890'.repeat(12)}"); console.log(m % 256n)\n`,
    'keys in hex': `const key = Buffer.from("00112233445566778899aabbccddeeff", "hex"); parseInt("ffff", 16)\n`,
  };
  const found = Object.entries(files).map(([name, text]) => ({
    row: 'texts computed by characters',
    name,
    message: mailWith('a.txt', Buffer.from(text)),
  }));
  const arabic =
    '<p dir="rtl" style="direction:rtl">\u0645\u0631\u062d\u0628\u0627</p><bdo dir="ltr">a-1</bdo>';
  const chinese = '您好，这是ＡＢＣ公司的第１２３号订单，ＴＥＳＴ产品（ＣＡＬＭ）。';
  const html = 'Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit';
  return [
    ...found,
    { row: 'text shown otherwise', name: 'a page from right to left', message: plainMail(html, arabic) },
    { row: 'text shown otherwise', name: 'letters of full width', message: plainMail(html, chinese) },
  ];
}

/** All but the data of its second file stands in the compressed data as it is. */
function compressedArchive(): Lookalike {
  const content = noise(3, 400);
  const zip = buildZip([
    { name: 'a', content, method: 0 },
    { name: 'b', content },
  ]);
  const first = zip.indexOf(content);
  const second = zip.indexOf(content, first + 1);
  const block = Buffer.concat([
    sequence(zip.subarray(0, second), second - first, content.length),
    sequence(zip.subarray(second + content.length)),
  ]);
  const file = Buffer.concat([Buffer.from('04224d18604082', 'hex'), le(block.length, 4), block, le(0, 4)]);
  return { row: 'other compressors', name: 'zip in lz4', message: mailWith('a.zip.lz4', file) };
}

/** Reports whose server ended the parts of the message again that it had cut. */
function closedReports(): Lookalike[] {
  const files = { zip: archive(20, 6000), gzip: gzipSync(noise(21, 6000)) };
  return Object.entries(files).map(([kind, file]) => ({
    row: 'embedded message',
    name: `report with ${kind} that is cut and closed again`,
    message: Buffer.from(
      report('message/rfc822', file, 3000)
        .toString('latin1')
        .replace('\r\n--r1--', '\r\n--q1--\r\n\r\n--r1--'),
      'latin1',
    ),
  }));
}

/** Pieces of archives that no program opens. */
function remains(): Lookalike[] {
  const zip = buildZip([
    { name: 'a.txt', content: noise(22, 300) },
    { name: 'b.txt', content: noise(23, 300) },
  ]);
  const field = `H4sIAAAAAAAAA${noise(24, 300).toString('base64')}`;
  const source = sources()[0]?.message.toString('latin1').split('\r\n\r\n')[3] ?? '';
  const python = `import io\nimport os\nimport zipfile\nfrom a import b\n\nclass A:\n    pass\n\n${Buffer.from(source, 'base64').toString('latin1')}`;
  return [
    {
      row: 'zip',
      name: 'a directory of an archive and nothing else',
      message: mailWith('a.bin', zip.subarray(zip.indexOf('PK\u0001\u0002'))),
    },
    {
      row: 'HTML smuggling',
      name: 'a field that begins as gzip does',
      message: plainMail('Content-Type: text/html', `<input type=hidden name=a value="${field}">`),
    },
    {
      row: 'escapes of scripts',
      name: 'the source of a test of archives without a name',
      message: plainMail(TEXT, python),
    },
  ];
}

/** Pages that are kept as they are in an archive: with their tags taken out its entries are shorter than it says. */
function storedPages(): Lookalike {
  const pages = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({
    name: `${name}.html`,
    method: 0 as const,
    content: Buffer.from(`<p>The <b>minutes</b> of ${name}.</p>\r\n`.repeat(300)),
  }));
  return { row: 'zip', name: 'pages stored in an archive', message: mailWith('pages.zip', buildZip(pages)) };
}

/** What is hidden or hardly shown, between words and behind signs. */
function invisibles(): Lookalike[] {
  const emoji =
    'Done \u2714\ufe0f 1\ufe0f\u20e3 \u{1f3f4}\u{e0067}\u{e0062}\u{e007f} and \u200e(left)\u200e.\r\n'.repeat(
      20,
    );
  const rtf =
    '{\\rtf1{\\*\\generator Word 16;}{\\*\\bkmkstart _Toc1}Minutes{\\*\\bkmkend _Toc1} of Tu{\\*\\bkmkstart b}esday{\\v 3}\\par}';
  const invitation =
    'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Lunch\\, then talk\\; bring papers\r\nDESCRIPTION:One\\nTwo\\\\three\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n';
  const sums = `Sums\n${'0123456789abcdef'.repeat(4)}\nabove\n`.repeat(40);
  return [
    { row: 'text shown otherwise', name: 'emoji and signs of directions', message: plainMail(TEXT, emoji) },
    { row: 'RTF', name: 'bookmarks beside words', message: mailWith('a.rtf', Buffer.from(rtf)) },
    {
      row: 'iCalendar and vCard',
      name: 'escaped commas',
      message: plainMail('Content-Type: text/calendar', invitation),
    },
    { row: 'dumps of numbers', name: 'sums of files between words', message: plainMail(TEXT, sums) },
    {
      row: 'names',
      name: 'an umlaut in a name',
      message: plainMail("Content-Type: text/plain; name*=utf-8''%C3%A4.txt", 'hello'),
    },
  ];
}

export function dailyLookalikes(): Lookalike[] {
  return [
    ...invisibles(),
    storedPages(),
    ...uuencodedFiles(),
    ...signedBytes(),
    ...returnedMail(),
    ...reports(),
    ...closedReports(),
    ...remains(),
    ...shownFiles(),
    ...sources(),
    ...scriptWords(),
    compressedArchive(),
    capture(),
    manySources(),
  ];
}
