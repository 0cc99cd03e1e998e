/** One MIME entity: header fields in order and the encoded body. */
export interface Entity {
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

const CRLF = '\r\n';

/** Header block, blank line, body. */
export function encodeEntity(entity: Entity): Buffer {
  const lines = entity.headers.map(([name, value]) => `${name}: ${value}${CRLF}`);
  return Buffer.concat([Buffer.from(lines.join('') + CRLF), entity.body]);
}

/** A text part whose bytes are sent as they are; every line ends in CRLF. */
export function text(
  content: string | Buffer,
  type = 'text/plain; charset=utf-8',
  encoding = '7bit',
): Entity {
  const body = typeof content === 'string' ? Buffer.from(crlf(content)) : content;
  return { headers: partHeaders(type, encoding), body };
}

/** A text part in quoted-printable. */
export function quotedPrintable(content: string, type = 'text/plain; charset=utf-8'): Entity {
  return {
    headers: partHeaders(type, 'quoted-printable'),
    body: encodeQuotedPrintable(Buffer.from(crlf(content))),
  };
}

/** A file as base64, 76 characters a line. */
export function file(name: string, type: string, content: Buffer, disposition = 'attachment'): Entity {
  const headers = [
    ['Content-Type', `${type}; name="${name}"`],
    ['Content-Transfer-Encoding', 'base64'],
    ['Content-Disposition', `${disposition}; filename="${name}"`],
  ] as const;
  return { headers, body: encodeBase64(content) };
}

/** A multipart; the boundary is derived from its kind and depth, and cannot occur in the demo's bodies. */
export function multipart(kind: string, label: string, parts: readonly Entity[], params = ''): Entity {
  const boundary = `=_${label}_postern`;
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}${CRLF}`),
    encodeEntity(part),
    Buffer.from(CRLF),
  ]);
  const end = Buffer.from(`--${boundary}--${CRLF}`);
  const type = `multipart/${kind};${params} boundary="${boundary}"`;
  return { headers: [['Content-Type', type]], body: Buffer.concat([...pieces, end]) };
}

/** A forwarded message as a part. */
export function attachedMessage(message: Buffer): Entity {
  return { headers: [['Content-Type', 'message/rfc822']], body: message };
}

/** A whole message around a body entity. */
export function message(subject: string, body: Entity, number: number): Buffer {
  const date = new Date(Date.UTC(2026, 8, 1, 8, number)).toUTCString().replace('GMT', '+0000');
  return encodeEntity({
    headers: [
      ['Return-Path', '<sender@example.test>'],
      ['From', 'Sender <sender@example.test>'],
      ['To', 'Demo <demo@example.test>'],
      ['Subject', subject],
      ['Date', date],
      ['Message-ID', `<demo-${number}@example.test>`],
      ['MIME-Version', '1.0'],
      ...body.headers,
    ],
    body: body.body,
  });
}

export function crlf(content: string): string {
  return content.replace(/\r?\n/g, CRLF);
}

function partHeaders(type: string, encoding: string): Entity['headers'] {
  return [
    ['Content-Type', type],
    ['Content-Transfer-Encoding', encoding],
  ];
}

function encodeBase64(content: Buffer): Buffer {
  const lines = content.toString('base64').match(/.{1,76}/g) ?? [];
  return Buffer.from(`${lines.join(CRLF)}${CRLF}`);
}

/** RFC 2045 section 6.7; lines end in CRLF already. */
function encodeQuotedPrintable(content: Buffer): Buffer {
  const lines = content.toString('latin1').split(CRLF);
  return Buffer.from(lines.map(encodeLine).join(CRLF));
}

function encodeLine(line: string): string {
  const escaped = line.replace(/[^\x20-\x3c\x3e-\x7e]| $/g, (character) => {
    return `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return softBreaks(escaped.match(/=..|./g) ?? []);
}

/** Puts at most 76 characters on a line, `=` included, and never cuts an escape. */
function softBreaks(tokens: readonly string[]): string {
  let text = '';
  let column = 0;
  for (const token of tokens) {
    const isFull = column + token.length > 75;
    text += isFull ? `=${CRLF}${token}` : token;
    column = isFull ? token.length : column + token.length;
  }
  return text;
}
