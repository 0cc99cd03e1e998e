import { renderBodyStructure, renderEnvelope } from './bodystructure.ts';
import type { FetchItem, MetadataName } from './fetch-items.ts';
import type { StoredMessage } from './mailbox.ts';
import { readSection } from './message-section.ts';
import type { NumberedMessage } from './selected-mailbox.ts';

/** One FETCH response: text and content apart, so that content is never copied or re-encoded. */
export interface FetchResponse {
  readonly chunks: readonly Buffer[];
  /** Offset of the first content octet; -1 when there is only metadata. */
  readonly contentStart: number;
}

export function renderFetch(numbered: NumberedMessage, items: readonly FetchItem[]): FetchResponse {
  const chunks: Buffer[] = [];
  let contentStart = -1;
  let text = `* ${numbered.sequence} FETCH (`;
  items.forEach((item, index) => {
    text += index === 0 ? '' : ' ';
    if (item.kind === 'metadata') {
      text += renderMetadata(numbered.message, item.name);
      return;
    }
    const content = readContent(numbered.message, item);
    text += content === undefined ? `${item.label} NIL` : `${item.label} {${content.length}}\r\n`;
    if (content !== undefined) {
      chunks.push(Buffer.from(text, 'latin1'));
      contentStart =
        contentStart === -1 ? chunks.reduce((sum, chunk) => sum + chunk.length, 0) : contentStart;
      chunks.push(content);
      text = '';
    }
  });
  chunks.push(Buffer.from(`${text})\r\n`, 'latin1'));
  return { chunks, contentStart };
}

function readContent(message: StoredMessage, item: FetchItem & { kind: 'content' }): Buffer | undefined {
  const whole = readSection(message, item.section);
  if (whole === undefined || item.partial === undefined) {
    return whole;
  }
  return whole.subarray(item.partial.offset, item.partial.offset + item.partial.count);
}

function renderMetadata(message: StoredMessage, name: MetadataName): string {
  switch (name) {
    case 'FLAGS':
      return `FLAGS (${[...message.flags].join(' ')})`;
    case 'UID':
      return `UID ${message.uid}`;
    case 'INTERNALDATE':
      return `INTERNALDATE "${imapDateTime(message.internalDate)}"`;
    case 'RFC822.SIZE':
      return `RFC822.SIZE ${message.bytes.length}`;
    case 'ENVELOPE':
      return `ENVELOPE ${renderEnvelope(message.structure.headers)}`;
    case 'BODY':
    case 'BODYSTRUCTURE':
    default:
      return `${name} ${renderBodyStructure(message.bytes, message.structure, name === 'BODYSTRUCTURE')}`;
  }
}

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `dd-Mon-yyyy hh:mm:ss +0000` */
export function imapDateTime(date: Date): string {
  const day = String(date.getUTCDate()).padStart(2, ' ');
  const time = date.toISOString().slice(11, 19);
  return `${day}-${MONTHS[date.getUTCMonth()] ?? ''}-${date.getUTCFullYear()} ${time} +0000`;
}
