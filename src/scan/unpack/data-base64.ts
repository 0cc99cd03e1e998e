import type { Piece } from '../piece.ts';
import { latin1, viewOf } from './byte-view.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { looksLikeText } from './script-text.ts';
import { signsOf, signStretches, type Stretch } from './sign-stretches.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** Base64 in pictures and other data, behind their end or in a comment: programs that a script fetches from there. */

/** Shorter runs stand in tables of strings. */
const MIN_RUN = 192;
const LETTERS = signsOf(/[A-Za-z0-9+/=\r\n]/);
/** Different letters among the first of a run; padding and tables of pixels have fewer. */
const MIN_DIFFERENT = 8;
const LOOK = 96;
/** Runs of one file. */
const MAX_RUNS = 64;

function isVaried(bytes: Buffer, start: number): boolean {
  return new Set(bytes.subarray(start, start + LOOK)).size >= MIN_DIFFERENT;
}

function* runsIn(bytes: Buffer): Generator<Stretch, void, void> {
  let count = 0;
  for (const run of signStretches(bytes, LETTERS, MIN_RUN)) {
    if (isVaried(bytes, run.start)) {
      yield run;
      count += 1;
    }
    if (count === MAX_RUNS) {
      return;
    }
  }
}

/** The stretch may begin with a letter of what stands before it: the data are read from each of four places. */
const STARTS = [0, 1, 2, 3];
/** What a decoder gives that was begun at the right letter, at one of the first bytes at least. */
const PROBE = 32;
const PRINTED_OR_FILE = /^(?:[\t\r\n\x20-\x7e]{24,}|MZ|PK\x03\x04|\x1f\x8b\x08|7z\xbc\xaf|Rar!|\x7fELF|%PDF)/;

/** What the run stands for, begun where that gives a text or a file, or at its first letter. */
function decoded(bytes: Buffer, { start, end }: Stretch): Buffer {
  const letters = latin1(bytes, start, end).replace(/[\r\n]+/g, '');
  if (/^[\da-f]+$/i.test(letters)) {
    return Buffer.from(letters, 'hex');
  }
  const at = STARTS.find((skipped) =>
    PRINTED_OR_FILE.test(
      Buffer.from(letters.slice(skipped, skipped + PROBE + 12), 'base64').toString('latin1', 0, PROBE),
    ),
  );
  return Buffer.from(letters.slice(at ?? 0), 'base64');
}

/** A picture with a long text in it has few controls: its first byte tells. */
function isData(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) >= 0x80 || !looksLikeText(bytes);
}

export function createDataBase64Unpacker(): Unpacker {
  return {
    name: 'data-base64',
    recognises: ({ bytes }: Piece) =>
      bytes.length >= MIN_RUN && isData(bytes) && runsIn(viewOf(bytes)).next().done !== true,
    unpack: ({ bytes }: Piece, out: Yield) => {
      const view = viewOf(bytes);
      const joiner = new PieceJoiner(out, 'encoded', 8);
      for (const run of runsIn(view)) {
        out.budget.checkTime();
        joiner.add(decoded(view, run));
      }
      joiner.flush();
    },
  };
}
