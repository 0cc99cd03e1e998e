import type { Pending, Segment } from './command-queue.ts';
import { quote } from './wire/nodes.ts';

/** What is put where. */
export interface OfferedMessage {
  readonly mailbox: string;
  readonly content: Uint8Array;
  readonly settle: (taken: boolean) => void;
  /** Has the client a mailbox selected? */
  readonly isSelected: () => boolean;
}

/** Commands during which the client takes an EXPUNGE, and which name no message by its number. */
const COVERS: ReadonlySet<string> = new Set([
  'NOOP',
  'CHECK',
  'IDLE',
  'LIST',
  'STATUS',
  'SELECT',
  'EXAMINE',
  'CLOSE',
  'UNSELECT',
  'UID FETCH',
  'UID STORE',
  'UID SEARCH',
]);

/**
 * APPEND of a released original, asked for by the administrator: the gateway's own command, whose completion the
 * client does not see; it hears of the new message as of any other. The content was judged and released, so it is
 * not scanned on its way up. A server may tell of expunged messages meanwhile, which a client takes only during a
 * command of its own (RFC 9051 section 7.5.1): with a mailbox selected it runs right before one that is fit for it.
 */
export function offerCommand(tag: string, offered: OfferedMessage): Pending {
  const { content, settle, isSelected } = offered;
  const name = quote(offered.mailbox) ?? '"INBOX"'; // names are ASCII (modified UTF-7); anything else was forged
  const segments: readonly Segment[] = [
    { kind: 'text', text: `${tag} APPEND ${name} {${content.length}}\r\n` },
    { kind: 'wait' },
    { kind: 'octets', bytes: content },
    { kind: 'text', text: '\r\n' },
  ];
  return {
    tag,
    name: 'APPEND',
    segments: () => segments,
    isExclusive: true,
    isReady: true,
    isInternal: true,
    mayRun: (next) => (isSelected() ? next !== undefined && COVERS.has(next.name) : next === undefined),
    onTagged: (word) => settle(word === 'OK'),
  };
}
