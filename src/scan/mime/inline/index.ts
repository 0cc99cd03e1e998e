import type { Unpacker } from '../../unpack/unpacker.ts';
import { binhexUnpacker } from './binhex.ts';
import { base64TextUnpacker, quotedTextUnpacker } from './coded-text.ts';
import { mboxUnpacker } from './mbox.ts';
import { createTextViews } from './text-views.ts';
import { uuencodeUnpacker } from './uuencode.ts';
import { yencUnpacker } from './yenc.ts';

/** Encodings that stand in a text without a label; mail clients show what is inside them. */
export function createInlineDecoders(): readonly Unpacker[] {
  return [
    createTextViews(),
    uuencodeUnpacker,
    yencUnpacker,
    binhexUnpacker,
    base64TextUnpacker,
    quotedTextUnpacker,
    mboxUnpacker,
  ];
}

/** Those that mark their beginning, for bytes between the parts of a message or without any structure. */
export function createBlindDecoders(): readonly Unpacker[] {
  return [uuencodeUnpacker, yencUnpacker, binhexUnpacker];
}
