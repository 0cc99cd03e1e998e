/** Texts that only a page, a host of scripts or a program of the shell shows as they are meant. */
import { uuencode } from './mime-evasions.ts';
import { Seeded } from './seeded.ts';
import { cases, parts } from './script-techniques.ts';
import { mailWith, payload, plainMail, Row, type Technique, type Word } from './technique.ts';

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

function codes(word: Word): number[] {
  return [...Buffer.from(word)];
}

/** One line of uuencoded data, without the blanks at its end. */
function uu(word: Word): string {
  return uuLines(Buffer.from(word)).join('').trimEnd();
}

function base(word: Word, radix: number, glue: string): string {
  return codes(word)
    .map((code) => code.toString(radix))
    .join(glue);
}

function otherNumbers(): Technique[] {
  const hosts = 'Windows Script Host, PowerShell, cmd, browsers';
  return cases(new Row('documents', 'texts computed by characters', hosts), {
    'digits of two': (word) =>
      `'${base(word, 2, ' ')}'.split(' ').map(b=>String.fromCharCode(parseInt(b,2))).join('')`,
    'digits of eight': (word) =>
      `'${base(word, 8, ' ')}'.split(' ').map(b=>String.fromCharCode(parseInt(b,8))).join('')`,
    'digits of thirty-six': (word) =>
      `['${base(word, 36, "','")}'].map(b=>String.fromCharCode(parseInt(b,36)))`,
    'digits of sixteen, PowerShell': (word) =>
      `('${base(word, 16, ' ')}' -split ' '|%{[char][convert]::toint16($_,16)})-join''`,
    'numbers between several signs': (word) =>
      `('${codes(word)
        .map((code, at) => `${code}${at % 2 === 0 ? '~' : 'x'}`)
        .join('')}'.Split('~x')|%{[char][int]$_})-join''`,
    'numbers in a text of PowerShell': (word) =>
      `"${codes(word)
        .map((code) => `$([char]${code})`)
        .join('')}"`,
    'numbers in hex in a text of PowerShell': (word) =>
      `"${codes(word)
        .map((code) => `$([CHAR](0x${code.toString(16)}))`)
        .join('')}"`,
    'numbers converted one by one': (word) =>
      codes(word)
        .map((code) => `[Convert]::ToChar(${code})`)
        .join('+'),
    'numbers under a key in quotes': (word) =>
      `[char[]](@(${Array.from(payload(word, 1), (code) => code ^ 0x11).join(',')})|%{$_ -bxor '0x11'})`,
    'base64 under a word in turns': (word) =>
      `var k='mykey',d=atob('${Buffer.from(payload(word, 3).map((code, at) => code ^ 'mykey'.charCodeAt(at % 5))).toString('base64')}');for(i=0;i<d.length;i++){o+=String.fromCharCode(d.charCodeAt(i)^k.charCodeAt(i%k.length))}`,
    'base64 less a number': (word) =>
      `var d=atob('${Buffer.from(payload(word, 3).map((code) => code + 3)).toString('base64')}');for(i in d)s+=String.fromCharCode(d.charCodeAt(i)-3)`,
    'base64 under a key': (word) =>
      `var d=atob('${Buffer.from(payload(word, 3).map((code) => code ^ 77)).toString('base64')}');for(i=0;i<d.length;i++){o+=String.fromCharCode(d.charCodeAt(i)^77)}`,
  });
}

function each(word: Word, spell: (code: number) => string): string {
  return codes(word).map(spell).join('');
}

function hex(code: number): string {
  return code.toString(16);
}

function otherEscapes(): Technique[] {
  const hosts = 'Perl, Ruby, PHP, Python, Lua, browsers';
  return cases(new Row('documents', 'escapes of single languages', hosts), {
    'decimal escapes of Lua': (word) =>
      `load("${each(word, (code) => `\\${String(code).padStart(3, '0')}`)}")()`,
    'braces of Perl': (word) => `print "${each(word, (code) => `\\x{${hex(code)}}`)}";`,
    'escapes of escapes': (word) => `JSON.parse('{"a":"${each(word, (code) => `\\\\u00${hex(code)}`)}"}')`,
    'octal digits of printf': (word) => `printf '${each(word, (code) => `\\${code.toString(8)}`)}'`,
    'uuencoded for Perl': (word) => `eval unpack("u", q{${uu(word)}});`,
    'uuencoded lines for Perl': (word) =>
      `print unpack 'u*', <<'X';\n${uuLines(payload(word, 3)).join('\n')}\nX\n`,
    'uuencoded for Ruby': (word) => `puts '${uu(word).replace(/[\\']/g, '\\$&')}'.unpack1('u')`,
    'uuencoded for PHP': (word) =>
      `<?php echo convert_uudecode('${uu(word).replace(/[\\']/g, '\\$&')}\n\`\n');`,
    'uuencoded for Python': (word) =>
      `codecs.decode(b'begin 666 a\\n${uu(word).replace(/[\\']/g, '\\$&')}\\n\`\\nend\\n','uu')`,
    'base64 for Ruby': (word) => `eval '${Buffer.from(word).toString('base64')}'.unpack('m')[0]`,
    'hex digits of a database': (word) => `INSERT INTO a VALUES (0x${payload(word, 3).toString('hex')});`,
    'hex digits of a bytea': (word) => `INSERT INTO a VALUES ('\\x${payload(word, 3).toString('hex')}');`,
    'hex digits of a command': (word) => `echo ${Buffer.from(word).toString('hex')}|xxd -r -p|sh`,
    'entities that the file declares': (word) =>
      `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a '${word.slice(0, 6)}'><!ENTITY b "${word.slice(6)}">]><d>&a;&b;</d>`,
    'quoted-printable of a card': (word) =>
      `BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE;ENCODING=QUOTED-PRINTABLE:${each(word, (code) => `=${hex(code)}`)
        .toUpperCase()
        .replace(/^.{18}/, '$&=\r\n')}\r\nEND:VCARD\r\n`,
  });
}

function otherLiterals(): Technique[] {
  return cases(
    new Row('documents', 'texts put together', 'Windows Script Host, PowerShell, browsers, Python'),
    {
      'two dots of Lua': (word) => `print(${parts(word, 5).join(' .. ')})`,
      'characters in braces': (word) => `var d=[]byte{${parts(word, 1).join(', ')}}`,
      'texts that functions return': (word) =>
        `function a(){return '${word.slice(0, 7)}'}function b() { return "${word.slice(7)}"; }eval(a()+b())`,
      'elements added by a dot': (word) =>
        `<?php $a=array('${word.slice(0, 8)}','${word.slice(8)}');echo $a[0].$a[1];`,
    },
  );
}

function rows(list: readonly string[], width: number, first: (at: number) => string): string {
  return Array.from({ length: Math.ceil(list.length / width) }, (_, at) =>
    [first(at), ...list.slice(at * width, at * width + width)].join(''),
  ).join('\n');
}

function file(word: Word): Buffer {
  return Buffer.concat([payload(word, 3), Buffer.alloc(1)]);
}

function place(at: number): string {
  return (at * 16).toString(8).padStart(7, '0');
}

function all(word: Word, spell: (code: number) => string): string[] {
  return Array.from(file(word), spell);
}

function words(word: Word, radix: number, width: number): string[] {
  const bytes = file(word);
  return Array.from(
    { length: Math.floor(bytes.length / 2) },
    (_, at) =>
      ` ${bytes
        .readUInt16LE(at * 2)
        .toString(radix)
        .padStart(width, '0')}`,
  );
}

function dumped(): Technique[] {
  return cases(
    new Row('documents', 'dumps of numbers', 'whoever writes the numbers back with a line of Perl'),
    {
      'octal bytes': (word) =>
        rows(
          all(word, (code) => ` ${code.toString(8).padStart(3, '0')}`),
          16,
          () => '',
        ),
      'octal words': (word) => rows(words(word, 8, 6), 8, place),
      'hex words': (word) => rows(words(word, 16, 4), 8, place),
      'decimal words': (word) =>
        rows(
          words(word, 10, 5).map((text) => text.replace(/^ 0+(?=\d)/, ' ')),
          8,
          place,
        ),
      'decimal bytes': (word) =>
        rows(
          all(word, (code) => String(code).padStart(4)),
          16,
          place,
        ),
      characters: (word) =>
        rows(
          all(word, (code) => (code === 0 ? '\\0' : String.fromCharCode(code)).padStart(4)),
          16,
          place,
        ),
    },
  );
}

function markedFiles(): Technique[] {
  const row = new Row('MIME', 'inline encoding', 'whoever saves the text and takes the marks away');
  row.whole('uuencoded lines of shar', (word) =>
    mailWith(
      'a.shar',
      Buffer.from(`Xbegin 644 a\nX${uuLines(payload(word, 8)).join('\nX')}\nX\`\nXend\nSHAR_EOF\n`),
    ),
  );
  return row.whole('base64 that a patch adds', (word) => {
    const lines =
      payload(word, 30)
        .toString('base64')
        .match(/.{1,60}/g) ?? [];
    return mailWith(
      'a.patch',
      Buffer.from(`--- /dev/null\n+++ b/a\n@@ -0,0 +1,9 @@\n+${lines.join('\n+')}\n`),
    );
  }).cases;
}

function data(word: Word): string {
  return payload(word, 20).toString('base64');
}

function inPictures(): Technique[] {
  const row = new Row(
    'archives',
    'pictures',
    'scripts and programs that fetch their next part from a picture',
  );
  const noise = Buffer.from(new Seeded('pictures').bytes(3000));
  const start = Buffer.from('ffd8ffe000104a464946000101', 'hex');
  return row
    .attached('base64 behind its end', 'a.jpg', (word) =>
      Buffer.concat([
        start,
        noise,
        Buffer.from('ffd9', 'hex'),
        Buffer.from(`<<BASE64_START>>${data(word)}<<BASE64_END>>`),
      ]),
    )
    .attached('base64 in a comment, behind a letter', 'a.jpg', (word) =>
      Buffer.concat([Buffer.from('ffd8fffe0441', 'hex'), Buffer.from(data(word)), noise]),
    )
    .attached('a program in base64 in a chunk of its own', 'a.png', (word) =>
      Buffer.concat([
        Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
        Buffer.from(`prVt${data(word)}`),
        noise,
      ]),
    ).cases;
}

function wide(word: Word): Buffer {
  return Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from(word, 'utf16le').swap16()]);
}

function objectOf(start: string, word: Word): Buffer {
  return Buffer.concat([
    Buffer.from(`%PDF-1.7\n1 0 obj\n<<${start}(`),
    wide(word),
    Buffer.from(')>>\nendobj\n'),
  ]);
}

function wideStrings(): Technique[] {
  const row = new Row('documents', 'PDF streams', 'PDF viewers, which repair broken files');
  return row
    .attached('a script in two bytes a letter', 'a.pdf', (word) => objectOf('/S/JavaScript/JS', word))
    .attached('a note in two bytes a letter', 'a.pdf', (word) => objectOf('/Type/Annot/Contents', word))
    .cases;
}

export function hostTechniques(): Technique[] {
  return [
    ...hiddenLetters(),
    ...otherNumbers(),
    ...otherEscapes(),
    ...otherLiterals(),
    ...dumped(),
    ...markedFiles(),
    ...inPictures(),
    ...wideStrings(),
  ];
}
