/** A MIME entity before serialisation: header lines without line ends, and the encoded body. */
export interface Entity {
  readonly headers: readonly string[];
  readonly body: Buffer;
}

const CRLF = '\r\n';

export function serialise(entity: Entity): Buffer {
  return Buffer.concat([Buffer.from(entity.headers.join(CRLF) + CRLF + CRLF, 'utf8'), entity.body]);
}

/** Base64 in lines of 76 characters, each ended by CRLF. */
export function base64Lines(content: Buffer): Buffer {
  return Buffer.from(content.toString('base64').replace(/.{1,76}/g, '$&\r\n'), 'latin1');
}

export function base64Part(type: string, content: Buffer, extraHeaders: readonly string[] = []): Entity {
  return {
    headers: [`Content-Type: ${type}`, 'Content-Transfer-Encoding: base64', ...extraHeaders],
    body: base64Lines(content),
  };
}

export function attachment(type: string, fileName: string, content: Buffer): Entity {
  const disposition = `Content-Disposition: attachment; filename="${fileName}"`;
  return base64Part(`${type}; name="${fileName}"`, content, [disposition]);
}

/** Text sent as it is; `text` has CRLF line ends. */
export function plainPart(text: string, type = 'text/plain; charset=us-ascii', encoding = '7bit'): Entity {
  return {
    headers: [`Content-Type: ${type}`, `Content-Transfer-Encoding: ${encoding}`],
    body: Buffer.from(text, 'utf8'),
  };
}

/** Longest encoded line without the soft break (RFC 2045 section 6.7: 76 with it). */
const QP_LINE = 75;

function quotedLine(line: Buffer): string {
  const tokens: string[] = [];
  for (const [index, byte] of line.entries()) {
    const last = index === line.length - 1;
    const literal = byte > 32 && byte < 127 && byte !== 0x3d;
    const blank = (byte === 32 || byte === 9) && !last;
    tokens.push(
      literal || blank ? String.fromCodePoint(byte) : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    );
  }
  let encoded = '';
  let width = 0;
  for (const token of tokens) {
    if (width + token.length > QP_LINE) {
      encoded += '=\r\n';
      width = 0;
    }
    encoded += token;
    width += token.length;
  }
  return encoded;
}

export function quotedPrintable(text: string): Buffer {
  const lines = text.split(CRLF).map((line) => quotedLine(Buffer.from(line, 'utf8')));
  return Buffer.from(lines.join(CRLF), 'latin1');
}

export function quotedPart(text: string, type = 'text/plain; charset=utf-8'): Entity {
  return {
    headers: [`Content-Type: ${type}`, 'Content-Transfer-Encoding: quoted-printable'],
    body: quotedPrintable(text),
  };
}

/** `type` is e.g. `mixed` or `related; type="text/html"`. */
export function multipart(type: string, boundary: string, parts: readonly Entity[], preamble = ''): Entity {
  const [subtype = '', ...parameters] = type.split('; ');
  const contentType = [`multipart/${subtype}`, ...parameters, `boundary="${boundary}"`].join(`;${CRLF}\t`);
  const chunks: Buffer[] = [Buffer.from(preamble === '' ? '' : preamble + CRLF)];
  for (const entity of parts) {
    chunks.push(Buffer.from(`--${boundary}${CRLF}`), serialise(entity), Buffer.from(CRLF));
  }
  chunks.push(Buffer.from(`--${boundary}--${CRLF}`));
  return { headers: [`Content-Type: ${contentType}`], body: Buffer.concat(chunks) };
}

/** A whole message as a `message/rfc822` part (never encoded but by 7bit or 8bit: RFC 2046 section 5.2.1). */
export function messagePart(message: Buffer): Entity {
  return {
    headers: ['Content-Type: message/rfc822', 'Content-Disposition: inline'],
    body: message,
  };
}
