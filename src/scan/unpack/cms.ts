import type { Piece } from '../piece.ts';
import { joinOctets, readChildren, readElement, type BerElement } from './ber.ts';
import { u8, viewOf } from './byte-view.ts';
import { inflateZlib } from './decompress.ts';
import { emitStream } from './emission.ts';
import type { Unpacker, Yield } from './unpacker.ts';

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const EXPLICIT_0 = 0xa0;
/** 1.2.840.113549.1.7: data, signed, enveloped, signed and enveloped, digested, encrypted. */
const PKCS7 = '2a864886f70d0107';
/** 1.2.840.113549.1.9.16.1: 2 authenticated, 9 compressed (RFC 3274), 23 authenticated and enveloped (RFC 5083). */
const SMIME_CONTENT = '2a864886f70d01091001';

type CmsKind = 'data' | 'signed' | 'compressed' | 'encrypted';

const KINDS: ReadonlyMap<string, CmsKind> = new Map([
  [`${PKCS7}01`, 'data'],
  [`${PKCS7}02`, 'signed'],
  [`${PKCS7}03`, 'encrypted'],
  [`${PKCS7}04`, 'encrypted'],
  [`${PKCS7}05`, 'signed'],
  [`${PKCS7}06`, 'encrypted'],
  [`${SMIME_CONTENT}02`, 'signed'],
  [`${SMIME_CONTENT}09`, 'compressed'],
  [`${SMIME_CONTENT}17`, 'encrypted'],
]);

function identifier(bytes: Buffer, element: BerElement | undefined): string {
  return element?.tag === OBJECT_IDENTIFIER
    ? bytes.toString('hex', element.start, Math.min(element.end, element.start + 16))
    : '';
}

/** Type and content element of a ContentInfo (RFC 5652 3). */
function readContentInfo(
  bytes: Buffer,
): { readonly kind: CmsKind; readonly content: BerElement | undefined } | undefined {
  const outer = readElement(bytes, 0);
  const [type, wrapper] = outer?.tag === SEQUENCE ? readChildren(bytes, outer, 2) : [];
  const kind = KINDS.get(identifier(bytes, type));
  if (kind === undefined) {
    return undefined;
  }
  const content = wrapper?.tag === EXPLICIT_0 ? readChildren(bytes, wrapper, 1)[0] : undefined;
  return { kind, content };
}

/** The encapsulated content: in a sequence of an identifier and `[0]`, among the first fields. */
function encapsulated(bytes: Buffer, fields: BerElement): BerElement | undefined {
  for (const field of readChildren(bytes, fields, 4)) {
    const [type, wrapper] = field.tag === SEQUENCE ? readChildren(bytes, field, 2) : [];
    if (type?.tag === OBJECT_IDENTIFIER && wrapper?.tag === EXPLICIT_0) {
      return readChildren(bytes, wrapper, 1)[0];
    }
  }
  return undefined;
}

function unpackCms({ bytes }: Piece, out: Yield): void {
  const view = viewOf(bytes);
  const info = readContentInfo(view);
  if (info === undefined) {
    return;
  }
  if (info.kind === 'encrypted') {
    out.cannot('encrypted', 'S/MIME message is encrypted');
    return;
  }
  const fields = info.content;
  const octets = fields === undefined || info.kind === 'data' ? fields : encapsulated(view, fields);
  if (octets === undefined) {
    return; // a signature without content: it stands in another part
  }
  const { content, cut } = joinOctets(view, octets);
  if (info.kind === 'compressed') {
    emitStream(
      out,
      'content',
      inflateZlib(content, out.budget.objectAllowance()),
      'S/MIME compressed content',
    );
  } else if (content.length > 0) {
    out.emit('content', content);
  }
  if (cut) {
    out.cannot('malformed', 'S/MIME message is truncated', true);
  }
}

/** S/MIME in DER or BER: signed and compressed content is opened, encrypted content is reported. */
export function createCmsUnpacker(): Unpacker {
  return {
    name: 'cms',
    recognises: ({ bytes }: Piece) =>
      u8(bytes, 0) === SEQUENCE && readContentType(viewOf(bytes)) !== undefined,
    unpack: unpackCms,
  };
}

/** The type without walking the content: it stands within the first bytes. */
function readContentType(bytes: Buffer): CmsKind | undefined {
  const head = bytes.subarray(0, 32);
  const lengthOctets = u8(head, 1) > 0x80 ? u8(head, 1) & 0x7f : 0;
  return KINDS.get(identifier(head, readElement(head, 2 + lengthOctets)));
}
