import type { Piece } from '../piece.ts';
import { latin1, u8 } from './byte-view.ts';
import type { MarkIndex } from './mark-search.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Microsoft Script Encoder (JSE, VBE, encoded blocks in HTML): `#@~^`, length, `==`, code, checksum, `==^#~@`. */
const START = '#@~^';
const HEAD_CHARS = 12;
const END = '^#~@';
const CHECKSUM_CHARS = 8;
/** Encoded blocks of one file. */
const MAX_BLOCKS = 500;

/** For each code from 32 to 127 what it means under each of the three alphabets of the format. */
const ALPHABETS = Buffer.from(
  '2e2d324775307a522156602942715b6a5e382f4933265c3d496258417d3a3429353236655b2039767c5c727a56437f73' +
    '386b6639634e703345452b6b6868627151594f667809765e62317d44644a23546d7543714a4c417e3a604a4c415e7e53' +
    '404c407745424a2c27612a485d74722227754b37316f44374e794d3b59524c2f22506f5467266a2a72477d6a6474392d' +
    '547b202b3f7f2d382e2c774c30675d6e537e6b476c66346f357879255d742130436423264d5a76525b25636c243f482b' +
    '7b5528787023296941282e34734c0959212a3324447f4e3f6d507755093b5356557c73693a35615f6163654b50465867' +
    '583b5131574969224f6c6d465a4d6848257c2728365c46703d4a6e24327a79412f373d5f605f4b514f5a20422c366557',
  'hex',
);
const TAB = Buffer.from('576e7b', 'hex');
/** Which alphabet each character uses, in turns of 64. */
const TURNS = '0120121221210212021200122102122100212120200120210212001220012021';

const ESCAPES: Readonly<Record<string, string>> = { '&': '\n', '#': '\r', '*': '>', '!': '<', $: '@' };

function meaning(code: number, turn: number): number {
  const alphabet = Number(TURNS[turn % TURNS.length]);
  if (code === 9) {
    return u8(TAB, alphabet);
  }
  // Line ends, `<`, `>` and `@` are escaped instead.
  const isPlain = code < 32 || code > 127 || code === 0x3c || code === 0x3e || code === 0x40;
  return isPlain ? code : u8(ALPHABETS, (code - 32) * 3 + alphabet);
}

/** Decodes the text of one block. Exported for its test. */
export function decodeScript(encoded: string): Buffer {
  const out = Buffer.alloc(encoded.length);
  let length = 0;
  let turn = 0;
  for (let at = 0; at < encoded.length; at += 1) {
    const escaped = encoded[at] === '@' ? ESCAPES[encoded[at + 1] ?? ''] : undefined;
    if (escaped === undefined) {
      out[length] = meaning(encoded.charCodeAt(at), turn);
    } else {
      out[length] = escaped.charCodeAt(0);
      at += 1;
    }
    turn += u8(out, length) < 128 ? 1 : 0;
    length += 1;
  }
  return out.subarray(0, length);
}

function unpackScripts({ bytes }: Piece, out: Yield): void {
  const text = latin1(bytes);
  let at = text.indexOf(START);
  for (let count = 0; at >= 0; count += 1) {
    if (count === MAX_BLOCKS) {
      out.cannot('bomb', `more than ${MAX_BLOCKS} encoded scripts in one file`);
      return;
    }
    out.budget.checkTime();
    const end = text.indexOf(END, at);
    const code = text.slice(at + HEAD_CHARS, end < 0 ? text.length : Math.max(at, end - CHECKSUM_CHARS));
    if (code.length > 0) {
      out.emit('script', decodeScript(code));
    }
    at = text.indexOf(START, end < 0 ? text.length : end);
  }
}

export function createScriptEncoderUnpacker(marks: MarkIndex): Unpacker {
  const start = marks.add(Buffer.from(START));
  return {
    name: 'script-encoder',
    recognises: ({ bytes }: Piece) => start(bytes) >= 0,
    unpack: unpackScripts,
  };
}
