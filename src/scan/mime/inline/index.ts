import type { MarkIndex } from '../../unpack/mark-search.ts';
import type { Unpacker } from '../../unpack/unpacker.ts';
import { contentCodingUnpacker } from '../content-coding.ts';
import { flowedTextUnpacker } from '../flowed-text.ts';
import { createTextRepairs } from '../text-repairs.ts';
import { createXxencodeUnpacker } from '../xxencode.ts';
import { BeginWords } from './begin-words.ts';
import { createBinhexUnpacker } from './binhex.ts';
import { base64TextUnpacker, createQuotedTextUnpacker } from './coded-text.ts';
import { mboxUnpacker } from './mbox.ts';
import { createQuotedLinesUnpacker } from './quoted-lines.ts';
import { TextLikeness } from './text-likeness.ts';
import { createTextViews } from './text-views.ts';
import { createUuencodeUnpacker } from './uuencode.ts';
import { createYencUnpacker } from './yenc.ts';

/** Encodings that stand in a text without a label; mail clients show what is inside them. */
export interface InlineDecoders {
  readonly all: readonly Unpacker[];
  /** Those that mark their beginning, for bytes between the parts of a message or without any structure. */
  readonly blind: readonly Unpacker[];
}

/** One set for all messages of a pipeline. `marks`: those of its unpackers, which look at the same texts. */
export function createInlineDecoders(marks: MarkIndex): InlineDecoders {
  const likeness = new TextLikeness();
  const words = new BeginWords(marks);
  const uuencode = createUuencodeUnpacker(likeness, words);
  const yenc = createYencUnpacker(likeness, words);
  const binhex = createBinhexUnpacker(likeness, marks);
  return {
    all: [
      createTextViews(likeness),
      createTextRepairs(likeness),
      flowedTextUnpacker,
      contentCodingUnpacker,
      createQuotedLinesUnpacker(likeness, words),
      uuencode,
      createXxencodeUnpacker(likeness, words),
      yenc,
      binhex,
      base64TextUnpacker,
      createQuotedTextUnpacker(likeness),
      mboxUnpacker,
    ],
    blind: [uuencode, yenc, binhex],
  };
}
