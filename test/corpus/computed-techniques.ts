/** Section 4 of the evasion notes: texts that a script computes character by character, and what shells make of words. */
import { backwards, cases, parts } from './script-techniques.ts';
import { plainMail, payload, Row, type Technique, type Word } from './technique.ts';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789- ';

function places(word: Word, first = 0): number[] {
  return Array.from(word, (letter) => ALPHABET.indexOf(letter) + first);
}

function codes(word: Word): number[] {
  return [...Buffer.from(word)];
}

function computed(): Technique[] {
  const hosts = 'Windows Script Host, PowerShell, cmd, browsers';
  return cases(new Row('documents', 'texts computed by characters', hosts), {
    'numbers and literals by turns': (word) =>
      `Execute ${Array.from(word, (letter, at) => (at % 3 === 1 ? `Chr(${letter.charCodeAt(0)})` : `"${letter}"`)).join(' & ')}`,
    'numbers appended line by line': (word) =>
      `${codes(word)
        .map((code) => `s = s & Chr(${code})`)
        .join('\r\n')}\r\nExecute s`,
    'numbers in hex by a conversion': (word) =>
      `Execute ${codes(word)
        .map((code) => `Chr(CLng("&H${code.toString(16)}"))`)
        .join('&')}`,
    'quotients of numbers': (word) =>
      `Execute ${codes(word)
        .map((code) => `Chr(${code * 7}/7)`)
        .join('&')}`,
    'places in another text, Visual Basic': (word) =>
      `a = "${ALPHABET}"\r\nExecute ${places(word, 1)
        .map((place) => `Mid(a,${place},1)`)
        .join(' & ')}`,
    'places in another text, JavaScript': (word) =>
      `var a="${ALPHABET}";eval(${places(word)
        .map((place) => `a.charAt(${place})`)
        .join('+')})`,
    'elements of another text': (word) =>
      `var a="${ALPHABET}";eval(${places(word)
        .map((place) => `a[${place}]`)
        .join('+')})`,
    'a list of places, PowerShell': (word) => `$a='${ALPHABET}';iex ($a[${places(word).join(',')}] -join '')`,
    'a list of places, JavaScript': (word) =>
      `var k="${ALPHABET}";var n=[${places(word).join(',')}];eval(n.map(i=>k[i]).join(""))`,
    'parts of a variable, cmd': (word) =>
      `@echo off\r\nset a=${ALPHABET}\r\n${places(word)
        .map((place) => `%a:~${place},1%`)
        .join('')}`,
    'parts of a text the other way round': (word) =>
      `var a="${word.slice(6)}##${word.slice(0, 6)}";eval(a.substr(${word.length - 4},6)+a.substr(0,${word.length - 6}))`,
    'elements of a list': (word) => `var _=["${word.slice(5)}","${word.slice(0, 5)}"];eval(_[1]+_[0])`,
    'each second character': (word) =>
      `eval("${Array.from(word, (letter) => `${letter}q`).join('')}".split("").filter((x,i)=>i%2==0).join(""))`,
    'each third character, Visual Basic': (word) =>
      `s = "${Array.from(word, (letter) => `${letter}Zk`).join('')}"\r\nFor i = 1 To Len(s) Step 3\r\n o = o & Mid(s, i, 1)\r\nNext`,
    'characters of a literal under a key': (word) =>
      `exec(bytes(b^0x2a for b in b'${codes(word)
        .map((code) => `\\x${(code ^ 0x2a).toString(16).padStart(2, '0')}`)
        .join('')}'))`,
    'a class of characters taken out': (word) =>
      `eval("${Array.from(word, (letter) => `${letter}xy`).join('')}".replace(/[a-z]+/g,""))`,
    'a format in a format': (word) =>
      `iex ('{2}{0}{1}' -f '${word.slice(4, 8)}','${word.slice(8)}','${word.slice(0, 4)}')`,
    'a script in a literal of a script': (word) => `Execute "x=""${word.slice(0, 6)}""&""${word.slice(6)}"""`,
  });
}

function hex(word: Word): string {
  return Buffer.from(word).toString('hex');
}

function large(word: Word): bigint {
  return BigInt(`0x${payload(word, 1).toString('hex')}`);
}

function announced(): Technique[] {
  const hosts = 'Windows Script Host, PowerShell, PHP, Python, browsers';
  return cases(new Row('documents', 'short texts in digits', hosts), {
    'pairs of digits for PHP': (word) => `<?php eval(hex2bin('${hex(word)}')); ?>`,
    'pairs of digits for Python': (word) => `exec(bytes.fromhex('${hex(word)}'))`,
    'pairs of digits for JavaScript': (word) =>
      `eval("${hex(word)}".match(/../g).map(h=>String.fromCharCode(parseInt(h,16))).join(""))`,
    'pairs of digits with signs between': (word) =>
      `eval(decodeURIComponent("${hex(word).replace(/../g, '!$&')}".replace(/!/g,"%")))`,
    'one large number': (word) =>
      `let n=${large(word)}n,s="";while(n>0n){s=String.fromCharCode(Number(n%256n))+s;n/=256n}`,
    'one large number in hex': (word) => `exec((0x${large(word).toString(16)}).to_bytes(999,"big"))`,
    'short base64 for a decoder of another name': (word) =>
      `var z=atob;eval(z("${Buffer.from(word).toString('base64')}"))`,
    'bytes set one by one': (word) =>
      `v=new DataView(b);${codes(word)
        .map((code, at) => `v.setUint8(${at},${code});`)
        .join('')}`,
  });
}

function script(line: string): string {
  return `#!/bin/bash\n${line}\n`;
}

function shell(): Technique[] {
  return cases(new Row('documents', 'words of Unix shells', 'sh, bash, zsh'), {
    'quotes around pieces': (word) => script(`'${word.slice(0, 4)}'"${word.slice(4, 8)}"${word.slice(8)}`),
    'a backslash before each letter': (word) => script(word.replace(/./g, '\\$&')),
    'escapes in quotes': (word) =>
      script(
        `$'${codes(word)
          .map((code) => `\\x${code.toString(16)}`)
          .join('')}'`,
      ),
    'variables side by side': (word) => script(`a=${word.slice(0, 5)}\nb=${word.slice(5)}\n$a$b`),
    'variables that are empty': (word) => script(Array.from(word).join('${z}')),
    'parameters that there are none of': (word) => script(Array.from(word).join('$@')),
    'a part of a variable': (word) => script(`s=xx${word}yy; \${s:2:${word.length}}`),
    'signs replaced in a variable': (word) => script(`s='${Array.from(word).join('@@')}'\neval \${s//@@/}`),
    'signs that tr takes out': (word) => script(`echo '${Array.from(word).join('#')}' | tr -d '#' | sh`),
    'letters that sed takes out': (word) =>
      script(`echo '${Array.from(word).join('QZ')}' | sed 's/QZ//g' | sh`),
    'the words of printf': (word) => script(`printf '%s%s' ${parts(word, 7, '').join(' ')} | sh`),
    'a line turned round': (word) => script(`echo '${backwards(word)}' | rev | sh`),
    'variables of cmd that there are none of': (word) => `@echo off\r\n${Array.from(word).join('%qz%')}\r\n`,
  });
}

/** A record with its length before it and the checksum that makes the sum `sum`. */
function record(bytes: readonly number[], sum: number): string {
  const total = bytes.reduce((all, byte) => all + byte, 0);
  return Buffer.from([...bytes, (sum - total) & 0xff])
    .toString('hex')
    .toUpperCase();
}

function records(word: Word, line: (at: number, bytes: readonly number[]) => string): string {
  const file = [...payload(word, 3)];
  const starts = Array.from({ length: Math.ceil(file.length / 16) }, (_, at) => at * 16);
  return starts.map((at) => `${line(at, file.slice(at, at + 16))}\r\n`).join('');
}

function hexFiles(): Technique[] {
  return cases(new Row('documents', 'records of hex digits', 'objcopy, srec_cat, programmers of chips'), {
    'Intel hex': (word) =>
      `${records(word, (at, bytes) => `:${record([bytes.length, at >> 8, at & 255, 0, ...bytes], 0)}`)}:00000001FF\r\n`,
    'S-records': (word) =>
      `${records(word, (at, bytes) => `S1${record([bytes.length + 3, at >> 8, at & 255, ...bytes], 0xff)}`)}S9030000FC\r\n`,
  });
}

function page(html: string): Buffer {
  return plainMail('Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit', html);
}

function wide(word: Word): string {
  return Array.from(word, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)).join('');
}

function shown(): Technique[] {
  const row = new Row('documents', 'text shown otherwise', 'browsers and clients that show HTML');
  row.whole('letters of full width', (word) => page(`<p>${wide(word)}</p>`));
  row.whole('a text from right to left', (word) => page(`<bdo dir="rtl">${backwards(word)}</bdo>`));
  row.whole('a text from right to left by style', (word) =>
    page(`<p style="unicode-bidi:bidi-override;direction:rtl">${backwards(word)}</p>`),
  );
  row.whole('a text of a style sheet', (word) =>
    page(
      `<style>p::after{content:"${word.replace(/./g, (letter) => `\\${letter.charCodeAt(0).toString(16)} `)}"}</style>`,
    ),
  );
  row.whole('references in references', (word) =>
    page(`<iframe srcdoc="${word.replace(/./g, (letter) => `&amp;#${letter.charCodeAt(0)};`)}"></iframe>`),
  );
  return row.cases;
}

/** Cases of texts that stand nowhere as they are. */
export function computedTechniques(): Technique[] {
  return [...computed(), ...announced(), ...shell(), ...hexFiles(), ...shown()];
}
