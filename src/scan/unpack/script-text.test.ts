import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { createUnpackers } from './index.ts';
import { openAll, yields, type Opened } from './open-all.ts';

const MARKER = 'POSTERN-TEST';
const file = Buffer.from(`MZ harmless ${MARKER} and some more bytes so that the run is long enough`);
const base64 = file.toString('base64');
const hex = file.toString('hex');
const unpackers = createUnpackers();

function open(bytes: Buffer | string): Promise<Opened> {
  return openAll(Buffer.from(bytes), { unpackers });
}

function inHalves(text: string, separator: string): string {
  return `"${text.slice(0, 30)}"${separator}"${text.slice(30)}"`;
}

const numbers = Array.from(file);
const base32 = Array.from(file, (byte) => byte.toString(2).padStart(8, '0'))
  .join('')
  .replace(
    /.{1,5}/g,
    (bits) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(bits.padEnd(5, '0'), 2)] ?? '',
  );

/** The file as numbers of `width` bytes. */
function wide(width: number): number[] {
  const whole = Buffer.concat([file, Buffer.alloc(width)]);
  return Array.from({ length: Math.ceil(file.length / width) }, (_, at) =>
    whole.readUIntLE(at * width, width),
  );
}

describe('hidden data in text', () => {
  const shapes: Record<string, Buffer | string> = {
    'a data URI': `<html><a href="data:application/octet-stream;base64,${base64}">x</a></html>`,
    'a data URI with entities': `<a href="data:;base64&#44;${base64.replace(/=/g, '&#61;').replace(/T/g, '&#x54;')}">`,
    'a base64 run in a script': `<script>var a = atob("${base64}"); new Blob([a])</script>`,
    'short base64 behind its function': `eval(atob('${Buffer.from(MARKER).toString('base64')}'))`,
    'base64 in lines': `<w:binData>\r\n${base64.replace(/(.{20})/g, '$1\r\n')}</w:binData>`,
    'base64, one character a line': `<x>${base64.replace(/(.)/g, '$1\n')}</x>`,
    'base64 in the lines of a quoted mail': base64.replace(/(.{20})/g, '> > $1\r\n'),
    'base64 indented': `<x>\n${base64.replace(/(.{20})/g, '    $1\n')}</x>`,
    'base64 continued by backslashes': `var a = "${base64.replace(/(.{20})/g, '$1\\\n')}"`,
    'base64 of the other alphabet': `token = ${base64.replaceAll('+', '-').replaceAll('/', '_')}`,
    'added literals in JavaScript': `var a = ${inHalves(base64, ' + ')};`,
    'added literals in Visual Basic': `a = ${inHalves(base64, ' & _\r\n  ')}`,
    'added plain literals': `var a = "POSTERN" + '-TEST' + "${'.'.repeat(20)}"`,
    'an array of literals': `var a = [${(base64.match(/.{1,9}/g) ?? []).map((part) => `"${part}"`).join(', ')}].join('')`,
    'reversed base64': `x = "${Array.from(base64).toReversed().join('')}".split("").reverse().join("")`,
    'base64 with blanks in its literal': `atob("${base64.replace(/.{4}/g, '$& ')}")`,
    'base64 with line ends and escaped slashes in its literal': `say('one'); atob(\`${base64.replaceAll('/', String.raw`\/`).replace(/.{30}/g, '$&\n')}\`); say('two')`,
    'literals in variables': `${(base64.match(/.{1,9}/g) ?? []).map((part, i) => `var v${i}='${part}';`).join('')}atob(v0+v1)`,
    'literals appended line by line': `${(base64.match(/.{1,9}/g) ?? []).map((part) => `s += "${part}";`).join('\n')}\natob(s)`,
    'literals joined by calls': `atob(''${(base64.match(/.{1,9}/g) ?? []).map((part) => `.concat('${part}')`).join('')})`,
    'literals with comments and brackets between': `atob(${(base64.match(/.{1,9}/g) ?? []).map((part) => `('${part}')`).join('/* x */+')})`,
    'base64 with a separator that is replaced': String.raw`atob('${Array.from(base64).join('$')}'.replace(/\$/g, ''))`,
    'base64 with a separator that is split off': `atob("${base64.replace(/.{5}/g, '$&#x#')}".split('#x#').join(''))`,
    'a separator replaced in Visual Basic': `x = Replace(y, "!!", "") base64 "${base64.replace(/.{5}/g, '$&!!')}"`,
    'a separator replaced in PowerShell': `$x = '${base64.replace(/.{5}/g, '$&~~')}' -replace '~~',''`,
    'numbers behind an exclusive or': `[${numbers.map((n) => n ^ 90).join(',')}].map(x => String.fromCharCode(x ^ 90))`,
    'numbers that are moved': `a=[${numbers.map((n) => n + 7).join(',')}]; for (i = 0;;) String.fromCharCode(a[i] - 0x7)`,
    'a hex run': `unescape("${hex}")`,
    'upper-case hex in lines': hex.toUpperCase().replace(/(.{40})/g, '$1\n'),
    'percent escapes': `document.write(unescape("${hex.replace(/../g, '%$&')}"))`,
    'x escapes': `var a = "${hex.replace(/../g, String.raw`\x$&`)}"`,
    'u escapes': `var a = "${hex.replace(/../g, String.raw`\u00$&`)}"`,
    'entities in text': `<p>${Array.from(MARKER, (c) => `&#${c.charCodeAt(0)};`).join('')}</p>`,
    'a word split by tags and comments':
      '<p>POST<b></b>ERN<!-- x -->-TE<span style="display:none"></span>ST</p>',
    'decimal numbers': `var a = new Uint8Array([${numbers.join(',')}]);`,
    'hex numbers in lines': `[Byte[]] $a = ${numbers.map((n) => `0x${n.toString(16)}`).join(',\n')}`,
    'a data URI with blanks': `<a href="data:text/plain;base64,${base64.replace(/.{6}/g, '$&%20')}">`,
    'a data URI with tabs': `<a href="data:text/plain;base64,${base64.replace(/.{6}/g, '$&&Tab;')}">`,
    'carets in a batch file': `@echo off\r\necho ${Array.from(MARKER).join('^')} and more of it`,
    'graves in PowerShell': `iex ${'POSTERN'.split('').join('\u0060')}-TEST and more of it`,
    'octal numbers': `new Uint8Array([${numbers.map((n) => `0o${n.toString(8)}`).join(', ')}])`,
    'binary numbers': `new Uint8Array([${numbers.map((n) => `0b${n.toString(2)}`).join(',')}])`,
    'numbers between bars': `"${numbers.join('|')}".split("|")`,
    'octal escapes': `var a = "${numbers.map((n) => `\\${n.toString(8).padStart(3, '0')}`).join('')}"`,
    'hex in pairs': `a = "${hex.replace(/../g, '$& ').trim()}".split(" ")`,
    'hex in pairs with dashes': `a = "${hex.toUpperCase().replace(/..(?=.)/g, '$&-')}"`,
    'hex in pairs with commas and line ends':
      String.raw`"a"=hex:${hex.replace(/..(?=.)/g, '$&,').replace(/.{30}/g, '$&\\')}`.replaceAll(
        '\\',
        '\\\r\n  ',
      ),
    'character codes': `String.fromCharCode(${numbers.join(', ')})`,
    'one call for each character': numbers.map((n) => `Chr(${n})`).join(' & '),
    'a folded calendar': `BEGIN:VCALENDAR\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:${base64.replace(/(.{30})/g, '$1\r\n ')}\r\nEND:VCALENDAR`,
    'a folded plain value': 'BEGIN:VCARD\r\nNOTE:POSTERN\r\n -TEST and more\r\nEND:VCARD\r\n',
    '16-bit text': Buffer.from(`\ufeffvar a = "${base64}"`, 'utf16le'),
    '16-bit text of the other order': Buffer.from(`\ufeffvar a = "${base64}"`, 'utf16le').swap16(),
    '16-bit text without mark': Buffer.from(`Set x = "${base64}"`, 'utf16le'),
    'numbers with comments': `new Uint8Array([${numbers.map((n) => `${n}/* ${n + 1} */`).join(',')}])`,
    'old octal numbers': `new Uint8Array([${numbers.map((n) => `0${n.toString(8)}`).join(',\n')}])`,
    'one call to push for each number': `var b=[];${numbers.map((n) => `b.push(${n});`).join('')}`,
    'one assignment for each number': numbers.map((n, i) => `b[${i}]=${n};`).join('\n'),
    'numbers by their places in an object': `x={${numbers.map((n, i) => `${i}:${n}`).join(',')}}`,
    'sums of numbers': `String.fromCharCode(${numbers.map((n) => `${n - 5}+5`).join(',')})`,
    'negative numbers': `new Int8Array([${[200, ...numbers].map((n) => (n << 24) >> 24).join(', ')}])`,
    'numbers of 16 bits': `new Uint16Array([${wide(2).join(',')}])`,
    'numbers of 32 bits': `new Uint32Array([${wide(4).join(',')}])`,
    'hexadecimal calls in Visual Basic': numbers.map((n) => `ChrW(&H${n.toString(16)})`).join('&'),
    'a template with empty places': `atob(\`${base64.replace(/.{7}/g, "$&${''}")}\`)`,
    'an address whose scheme is cut by tabs': `<a href="d&Tab;ata:text/plain;bas&NewLine;e64,${base64.slice(0, 40)}">`,
    'base64 in two attributes': `<div data-a="${base64.slice(0, 52)}" data-b="${base64.slice(52)}">`,
    'base64 of a stream without header': `inflateRaw(atob('${deflateRawSync(file).toString('base64')}'))`,
    'base 32': `b32('${base32}')`,
    'letters moved by half the alphabet': `rot13('CBFGREA-GRFG') and more`,
    'a word cut by zero-width spaces': `see ${Array.from(MARKER).join('\u200b')} there`,
    'a word cut by soft hyphens': `<p>${Array.from(MARKER).join('&shy;')}</p>`,
    'a word cut by grapheme joiners': `see ${Array.from(MARKER).join('\u034f')} there`,
    'a word cut by tags with brackets in their values': `<p>POST<b title="a>b"></b>ERN-TE<i x='>'></i>ST</p>`,
    'variables of a batch file': `@echo off\r\nset v0=POSTE\r\nset "v1=RN-TEST"\r\necho %v0%%V1%`,
    'the format operator of PowerShell': `$s = ("{1}{0}{2}" -f 'RN-', "POSTE",'TEST') # and more`,
    'characters as Office escapes them': `<t>${Array.from(MARKER, (letter) => `_x00${letter.charCodeAt(0).toString(16)}_`).join('')}</t>`,
    'sections of XML': `<a>${Array.from(MARKER, (letter) => `<![CDATA[${letter}]]>`).join('')}</a>`,
    'a script behind binary data': Buffer.concat([
      Buffer.alloc(600),
      Buffer.from(`<script>atob("${base64}")</script>`),
    ]),
    'base64 of base64': `x = "${Buffer.from(base64).toString('base64')}"`,
  };
  for (const [shape, text] of Object.entries(shapes)) {
    it(`finds ${shape}`, async () => {
      const opened = await open(text);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });
  }

  it('decodes a run of the shortest length and none below', async () => {
    const at = Buffer.alloc(48, 'x').toString('base64');
    assert.equal(yields(await open(`value is ${at} here`), 'xxxxxxxxxxxx'), true);
    assert.equal(yields(await open(`value is ${at.slice(1)} here`), 'xxxxxxxxxxxx'), false);
  });

  it('does not show uuencoded data again without what looks like a tag', async () => {
    const opened = await open('begin 644 a.bin\r\n#<A>B\r\n`\r\nend\r\nand some <b>more</b> text\r\n');
    assert.equal(yields(opened, 'more text'), true);
    assert.equal(yields(opened, 'begin 644'), false);
  });

  it('gives nothing but cheap views for plain prose', async () => {
    const prose = 'Dear all, please find below the minutes of our meeting. Kind regards, Anna. '.repeat(40);
    assert.deepEqual(await open(prose), { pieces: [], causes: [], details: [] });
  });

  it('does not make a piece of each of very many small runs', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `"${Buffer.alloc(60, i).toString('base64')}"`).join(
      '\n',
    );
    const opened = await open(many);
    assert.equal(opened.stopped, undefined);
    assert.ok(opened.pieces.length < 200);
  });

  it('stays linear on text made to be slow', async () => {
    const hostile = [
      '<',
      '<!--',
      '"+',
      '&#',
      '"   ',
      '%u',
      'a,',
      '0,',
      'A\n',
      'base64,',
      '#@~^',
      '-----BEGIN PGP MESSAGE',
      '{0}-f"',
      "{0}-f('a'",
      'atob(`${',
      '&shy;a',
      '\nset a=%a%',
      'b.push(1+',
      '[0]=/*',
      '<a b="',
      '<a b=">',
      ' data-a="AAAA',
      'd&Tab;ata:',
    ];
    for (const unit of hostile) {
      const opened = await open(unit.repeat(Math.ceil(300_000 / unit.length)));
      assert.equal(opened.stopped, undefined, unit);
    }
  });
});

describe('encoded scripts', () => {
  /** `WScript.Echo "POSTERN-TEST"` as the Script Encoder writes it, made with the inverse of the published alphabets. */
  const encoded = '#@~^GwAAAA==\tUm.bwDR21tK~JhrjKAIHR:2?:EAAAAAA==^#~@';

  it('decodes VBE and JSE', async () => {
    assert.equal(yields(await open(encoded), `WScript.Echo "${MARKER}"`), true);
  });

  it('decodes a block inside a page', async () => {
    const page = `<html><script language="VBScript.Encode">${encoded}</script></html>`;
    assert.equal(yields(await open(page), `WScript.Echo "${MARKER}"`), true);
  });

  it('decodes what there is of a block without end', async () => {
    assert.equal(yields(await open(encoded.slice(0, -12)), 'WScript.Echo'), true);
  });
});
