/** Section 4 of the evasion notes: texts that a script puts together when it runs. */
import { deflateSync } from 'node:zlib';
import { ascii85 } from '../../src/scan/unpack/pdf-for-test.ts';
import { payload, Row, type Technique, type Word } from './technique.ts';

/** The parts of a text, each in quotes. */
export function parts(text: string, length: number, quote = "'"): string[] {
  return (text.match(new RegExp(`[^]{1,${length}}`, 'g')) ?? []).map((part) => quote + part + quote);
}

export function backwards(text: string): string {
  return Array.from(text).toReversed().join('');
}

function encoded(word: Word): string {
  return payload(word, 3).toString('base64');
}

export function digits(word: Word): string {
  return payload(word, 3).toString('hex');
}

function each(list: readonly string[], line: (part: string, index: number) => string, glue = '\r\n'): string {
  return list.map(line).join(glue);
}

export type Script = (word: Word) => string;

/** One case for each script, attached as a text. */
export function cases(row: Row, scripts: Readonly<Record<string, Script>>): Technique[] {
  for (const [name, script] of Object.entries(scripts)) {
    row.attached(name, 'a.txt', (word) => Buffer.from(script(word), 'latin1'));
  }
  return row.cases;
}

function assembled(): Technique[] {
  return cases(
    new Row('documents', 'texts put together', 'Windows Script Host, PowerShell, browsers, Python'),
    {
      'appended in JavaScript': (word) =>
        `${each(parts(word, 4), (part) => `s += ${part}; d += 'zz';`)} eval(s)`,
      'appended in Visual Basic': (word) => each(parts(word, 4, '"'), (part) => `s = s & ${part}`),
      'appended in PHP': (word) => each(parts(word, 4), (part) => `$s .= ${part};`),
      'appended base64 of no decoder': (word) => each(parts(encoded(word), 20), (part) => `s += ${part};`),
      'pushed to an array': (word) => `${each(parts(word, 4), (part) => `s.push(${part});`)} run(s.join(''))`,
      'written to the page': (word) => each(parts(word, 4), (part) => `document.write(${part});`, ' '),
      'elements by their index': (word) =>
        `${each(parts(word, 4), (part, at) => `s[${at}] = ${part};`)} eval(s)`,
      'variables added': (word) =>
        `${each(parts(word, 5), (part, at) => `v${at} = ${part};`)} eval(v0 + v1 + v2)`,
      'variables added with nothing between them': (word) =>
        `${each(parts(word, 4), (part, at) => `v${at} = ${part};`)} location.href=v0+v1+v2+v3`,
      'constants added in Visual Basic': (word) =>
        `${each(parts(word, 4, '"'), (part, at) => `Const v${at} = ${part}`)}\r\nShell v0 & v1 & v2 & v3`,
      'variables in a string of Python': (word) =>
        `${each(parts(word, 4), (part, at) => `v${at} = ${part}`)}\r\nos.system(f'{v0}{v1}{v2}{v3}')`,
      'arguments of a format of Python': (word) => `os.system('%s%s%s%s' % (${parts(word, 4).join(', ')}))`,
      'variables in a string': (word) =>
        `${each(parts(word, 6), (part, at) => `$v${at} = ${part}`)}\niex "$v0$v1"`,
      'an array of Visual Basic': (word) => `Execute Join(Array(${parts(word, 3, '"').join(', ')}), "")`,
      'the join operator of PowerShell': (word) => `$s = (${parts(word, 3).join(',')}) -join ''`,
      'a list of Python': (word) => `exec(''.join([${parts(word, 3).join(', ')}]))`,
      'literals of Python side by side': (word) => `exec(${parts(word, 4).join('\n  ')})`,
      'literals over a continued line': (word) => `$s = ${parts(word, 4).join(' + `\r\n  ')}`,
      'literals of Python below each other': (word) => `x = (${parts(word, 4, '"').join('\n     ')})\n`,
      'comments between literals': (word) => `run(${parts(word, 4).join('/* a */ + /* b */')})`,
    },
  );
}

function reversedTexts(): Technique[] {
  return cases(
    new Row('documents', 'texts turned round', 'Windows Script Host, PowerShell, browsers, Python'),
    {
      'an array turned round': (word) =>
        `eval([${parts(word, 3).toReversed().join(',')}].reverse().join(''))`,
      'appended and turned round': (word) =>
        `${each(parts(backwards(word), 4), (part) => `s += ${part};`)} s.split('').reverse().join('')`,
      'by the slice of Python': (word) => `exec('${backwards(word)}'[::-1])`,
      'by a range of PowerShell': (word) => `$s = '${backwards(word)}'; iex -join $s[($s.Length-1)..0]`,
      'by a loop': (word) =>
        `s='${backwards(word)}';for (i = s.length - 1; i >= 0; i--) { o += s.charAt(i); } eval(o)`,
      'by PHP': (word) => `eval(strrev('${backwards(word)}'));`,
    },
  );
}

function changed(word: Word): string {
  return word.replaceAll('T', '#').replaceAll('E', '3');
}

function replacedTexts(): Technique[] {
  return cases(new Row('documents', 'texts with parts replaced', 'Windows Script Host, PowerShell, cmd'), {
    'split and joined': (word) => `eval('${changed(word)}'.split('#').join('T').split('3').join('E'))`,
    'by a regular expression': (word) => `eval('${changed(word)}'.replace(/#/g, 'T').replace(/3/g, "E"))`,
    'by an object': (word) =>
      `eval('${changed(word)}'.replace(new RegExp('#', 'g'), 'T').replace(new RegExp('3'), 'E'))`,
    'in Visual Basic': (word) => `Execute Replace(Replace("${changed(word)}", "#", "T"), "3", "E")`,
    'in PowerShell': (word) => `iex ('${changed(word)}' -replace '#','T' -creplace '3','E')`,
    'in PHP': (word) => `eval(str_replace('#','T',str_replace('3','E','${changed(word)}')));`,
    'in a batch file': (word) =>
      `@echo off\r\nset s=${changed(word)}\r\nset s=%s:#=T%\r\nset s=%s:3=E%\r\n%s%\r\n`,
    'in a batch file, as it is read': (word) => `set s=${word.replaceAll('T', '##')}\r\ncall %s:##=T%\r\n`,
  });
}

/** Base64 in lines behind the sign of a comment. */
function commented(sign: string): Script {
  return (word) => `x = 1\r\n${each(parts(encoded(word), 44, ''), (part) => sign + part)}\r\n`;
}

function writtenLines(): Technique[] {
  return cases(new Row('documents', 'data line by line', 'cmd with certutil, Windows Script Host'), {
    'base64 that a batch file writes': (word) =>
      each(parts(encoded(word), 40, ''), (part) => `echo ${part} >>%TEMP%\\a.b64`),
    'digits that a batch file writes': (word) =>
      each(parts(digits(word), 32, ''), (part) => `@>>a.hex echo ${part}`),
    'pairs of digits for a debugger': (word) =>
      each(parts(digits(word), 32, ''), (part, at) => {
        const address = (0x100 + at * 16).toString(16);
        return `echo e ${address} ${part.replace(/..(?=.)/g, '$& ')}>>a.dbg`;
      }),
    'a line by and by': (word) => each(parts(word, 4, ''), (part) => `<nul set /p =${part}>>a.js`),
    'comments of a script': commented('// '),
    'remarks of Visual Basic': commented("' "),
    'remarks of a batch file': commented('REM '),
  });
}

function octal(text: string): string {
  return Array.from(Buffer.from(text), (code) => `\\${code.toString(8)}`).join('');
}

/** Two bytes each. */
function pairs(word: Word): string[] {
  return payload(word, 3).toString('hex').match(/.{4}/g) ?? [];
}

function turned(pair: string): string {
  return pair.slice(2) + pair.slice(0, 2);
}

/** In base 85 quotes and backslashes. */
const QUOTES = Buffer.from('14d4b9b8', 'hex');

/** As Python shows bytes. */
function bytesLiteral(bytes: Buffer): string {
  return Array.from(bytes, (code) => {
    const character = String.fromCharCode(code);
    return /['\\]/.test(character)
      ? `\\${character}`
      : /[ -~]/.test(character)
        ? character
        : code === 0x0a
          ? '\\n'
          : `\\x${code.toString(16).padStart(2, '0')}`;
  }).join('');
}

function escaped(): Technique[] {
  return cases(new Row('documents', 'escapes of scripts', 'Windows Script Host, cmd, browsers'), {
    'octal digits, as few as possible': (word) => `eval('${octal(word)}')`,
    'two bytes in each escape': (word) =>
      `unescape("${each(pairs(word), (pair) => `%u${turned(pair)}`, '')}")`,
    'two bytes in each character': (word) => `s = "${each(pairs(word), (pair) => `\\u${turned(pair)}`, '')}"`,
    'slashes and line ends of JSON': (word) => {
      const data = Buffer.concat([Buffer.from([255, 255, 255]), payload(word, 3)]).toString('base64');
      return `{"a":"${data.replaceAll('/', '\\/').replace(/.{40}/g, '$&\\n')}"}`;
    },
    'base 85 with escaped quotes': (word) =>
      `base64.a85decode(b'${ascii85(Buffer.concat([QUOTES, payload(word)]))
        .toString()
        .slice(0, -2)
        .replace(/['\\]/g, '\\$&')}')`,
    'compressed bytes of Python': (word) =>
      `exec(zlib.decompress(b'${bytesLiteral(deflateSync(payload(word)))}'))`,
    'numbers with another sign between': (word) =>
      `("${Array.from(Buffer.from(word), String).join('~')}" -split "~" | %{[char][int]$_}) -join ""`,
    'numbers with a minus between': (word) =>
      `-join ("${Array.from(Buffer.from(word), String).join('-')}".Split("-") | %{[char][int]$_})`,
    'references with many zeros': (word) =>
      `<p>${each(Array.from(Buffer.from(word), String), (code) => `&#${code.padStart(12, '0')};`, '')}</p>`,
    'a formula in XML': (word) =>
      `<?xml version="1.0"?><Cell Formula="=${parts(word, 4, '&quot;').join('&amp;')}"/>`,
    'graves inside of words': (word) => `Wr\`ite-Ou\`tput ${word.split('').join('`')}`,
    'carets at the ends of lines': (word) => `start ${word.slice(0, 5)}^\r\n${word.slice(5)}`,
    'quotes inside of words': (word) => `@echo off\r\nstart ${word.slice(0, 3)}""${word.slice(3)}`,
  });
}

/** Cases of scripts that hide a text from whoever only reads it. */
export function scriptTechniques(): Technique[] {
  return [...assembled(), ...reversedTexts(), ...replacedTexts(), ...writtenLines(), ...escaped()];
}
