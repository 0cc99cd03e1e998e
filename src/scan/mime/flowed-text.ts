import { ByteCuts } from '../unpack/byte-cuts.ts';
import { viewOf } from '../unpack/byte-view.ts';
import type { Unpacker } from '../unpack/unpacker.ts';

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;

/** The lines that end in a blank joined with the next, without the blank (RFC 3676 4.2, DelSp=yes). */
function joined(bytes: Buffer): Buffer | undefined {
  const cuts = new ByteCuts(bytes);
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const end = bytes[at - 1] === CR ? at - 1 : at;
    if (bytes[end - 1] === BLANK) {
      cuts.cut(end - 1, at + 1);
    }
  }
  return cuts.rest();
}

/** A text whose lines are shown joined: words and addresses go on behind a line end. */
export const flowedTextUnpacker: Unpacker = {
  name: 'flowed-text',
  recognises: (piece) => piece.isFlowed === true,
  unpack: (piece, out) => {
    const text = joined(viewOf(piece.bytes));
    if (text !== undefined) {
      out.emit('flowed', text);
    }
  },
};
