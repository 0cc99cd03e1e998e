import { hasMagic, viewOf } from '../../unpack/byte-view.ts';
import type { Unpacker } from '../../unpack/unpacker.ts';

const SEPARATOR = Buffer.from('\nFrom ');

/** As many as the parts of one message: each is read as a message of its own. */
const MAX_MESSAGES = 1000;

/** Mailbox files: each message by itself, for a reader that would take the rest for the body of the first. */
export const mboxUnpacker: Unpacker = {
  name: 'mbox',
  recognises: (piece) => {
    const bytes = viewOf(piece.bytes);
    return hasMagic(bytes, 'From ') && bytes.includes(SEPARATOR);
  },
  unpack: (piece, out) => {
    const bytes = viewOf(piece.bytes);
    let start = 0;
    let count = 0;
    while (start < bytes.length) {
      const at = bytes.indexOf(SEPARATOR, start);
      const end = at === -1 ? bytes.length : at + 1;
      count += 1;
      if (count > MAX_MESSAGES) {
        out.cannot('bomb', `more than ${MAX_MESSAGES} messages in one mailbox file`);
        return;
      }
      out.emit(`${count}.eml`, bytes.subarray(start, end));
      start = end;
    }
  },
};
