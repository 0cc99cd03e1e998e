import type { Piece } from '../piece.ts';

/** A message shows itself by its first fields; trace fields of a long route come to some kilobytes. */
const SNIFF_BYTES = 4096;

const START = /^(?:\uFEFF|\xEF\xBB\xBF)?(?:[ \t]*\r?\n)*(?:>?From [^\r\n]*\r?\n)?([!-9;-~]{1,60})[ \t]*:/;
const KNOWN =
  /^(?:content-(?:type|transfer-encoding|disposition)|mime-version|received|from|to|subject|date|message-id|return-path|delivered-to|x-mailer)[ \t]*:/gim;

function declaresMessage(piece: Piece): boolean {
  return (
    /^message\/(?!delivery-status|disposition-notification|external-body|feedback-report)/.test(
      piece.type ?? '',
    ) || /\.(?:eml|mht|mhtml|mbox|nws)$/i.test(piece.name ?? '')
  );
}

/** True when the bytes start like a mail header, whatever they are called. */
export function startsLikeMessage(bytes: Buffer): boolean {
  const head = bytes.toString('latin1', 0, Math.min(bytes.length, SNIFF_BYTES));
  if (!START.test(head)) {
    return false;
  }
  const names = new Set((head.match(KNOWN) ?? []).map((field) => field.toLowerCase()));
  return (
    names.size >= 2 || /^content-transfer-encoding[ \t]*:/im.test(head) || /^content-type[ \t]*:/im.test(head)
  );
}

/** True when the piece should be read as a message: declared as one with a header to read, or by its content. */
export function looksLikeMessage(piece: Piece): boolean {
  const bytes = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength);
  return startsLikeMessage(bytes) || (declaresMessage(piece) && bytes.length > 0);
}
