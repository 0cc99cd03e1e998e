import type { Pending, Segment } from './command-queue.ts';
import { quote } from './wire/nodes.ts';

/**
 * APPEND of a released original, asked for by the administrator: the gateway's own command, whose completion the
 * client does not see; it hears of the new message as of any other. The content was judged and released, so it is
 * not scanned on its way up.
 */
export function offerCommand(
  tag: string,
  mailbox: string,
  content: Uint8Array,
  settle: (taken: boolean) => void,
): Pending {
  const name = quote(mailbox) ?? '"INBOX"'; // mailbox names are ASCII (modified UTF-7); anything else was forged
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
    onTagged: (word) => settle(word === 'OK'),
  };
}
