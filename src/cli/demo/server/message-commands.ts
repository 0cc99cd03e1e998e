import { Refusal, type ArgumentReader } from './argument-reader.ts';
import { readFetchItems, type FetchItem } from './fetch-items.ts';
import { renderFetch } from './fetch-response.ts';
import type { ImapContext, SelectedCommand } from './imap-context.ts';
import type { StoredMessage } from './mailbox.ts';
import { readFlag } from './mailbox-commands.ts';
import { readSearchKeys } from './search-keys.ts';
import type { NumberedMessage, SelectedMailbox } from './selected-mailbox.ts';

/** Commands of the selected state, by name; `byUid` tells the UID form. */
export const MESSAGE_COMMANDS: ReadonlyMap<string, SelectedCommand> = new Map<string, SelectedCommand>([
  ['CHECK', () => 'Check completed.'],
  ['CLOSE', (context, selected) => leave(context, selected, true)],
  ['UNSELECT', (context, selected) => leave(context, selected, false)],
  ['EXPUNGE', expunge],
  ['SEARCH', search],
  ['FETCH', fetch],
  ['STORE', store],
  ['COPY', copy],
]);

/** The commands that have a UID form. */
export const UID_COMMANDS: ReadonlySet<string> = new Set(['EXPUNGE', 'SEARCH', 'FETCH', 'STORE', 'COPY']);

async function fetch(
  context: ImapContext,
  selected: SelectedMailbox,
  args: ArgumentReader,
  byUid: boolean,
): Promise<string> {
  const chosen = readSet(selected, args, byUid);
  args.expect(' ');
  const items = withUid(readFetchItems(args), byUid);
  args.expectEnd();
  for (const numbered of chosen) {
    await sendFetch(context, selected, numbered, items);
    if (!context.connection.isOpen) {
      break;
    }
  }
  return 'Fetch completed.';
}

function withUid(items: readonly FetchItem[], byUid: boolean): readonly FetchItem[] {
  const hasUid = items.some((item) => item.kind === 'metadata' && item.name === 'UID');
  return byUid && !hasUid ? [{ kind: 'metadata', name: 'UID' }, ...items] : items;
}

async function sendFetch(
  context: ImapContext,
  selected: SelectedMailbox,
  numbered: NumberedMessage,
  items: readonly FetchItem[],
) {
  const { message } = numbered;
  const marks = !selected.isReadOnly && items.some((item) => item.kind === 'content' && item.marksSeen);
  const becomesSeen = marks && !message.flags.has('\\Seen');
  if (becomesSeen) {
    message.flags.add('\\Seen');
    selected.mailbox.flagsChanged(message, selected);
  }
  const hasFlags = items.some((item) => item.kind === 'metadata' && item.name === 'FLAGS');
  const extra: readonly FetchItem[] = becomesSeen && !hasFlags ? [{ kind: 'metadata', name: 'FLAGS' }] : [];
  const response = renderFetch(numbered, [...extra, ...items]);
  if (response.contentStart === -1) {
    context.connection.write(response.chunks.map((chunk) => chunk.toString('latin1')).join(''));
    await context.connection.flush();
  } else {
    await context.connection.sendContent(response.chunks, response.contentStart, message.uid);
  }
}

async function store(
  context: ImapContext,
  selected: SelectedMailbox,
  args: ArgumentReader,
  byUid: boolean,
): Promise<string> {
  const chosen = readSet(selected, args, byUid);
  args.expect(' ');
  const item = /^([+-]?)FLAGS(\.SILENT)?$/.exec(args.atom().toUpperCase());
  args.expect(' ');
  const flags = args.peek() === '(' ? args.list(() => readFlag(args)) : [readFlag(args)];
  if (item === null) {
    throw new Refusal('BAD', 'Unknown STORE item');
  }
  refuseReadOnly(selected);
  for (const { sequence, message } of chosen) {
    changeFlags(message, item[1] ?? '', flags);
    selected.mailbox.flagsChanged(message, selected);
    if (item[2] === undefined) {
      const uid = byUid ? `UID ${message.uid} ` : '';
      context.untagged(`${sequence} FETCH (${uid}FLAGS (${[...message.flags].join(' ')}))`);
    }
  }
  await context.connection.flush();
  return 'Store completed.';
}

function changeFlags(message: StoredMessage, sign: string, flags: readonly string[]): void {
  if (sign === '') {
    message.flags.clear();
  }
  for (const flag of flags) {
    if (sign === '-') {
      message.flags.delete(flag);
    } else if (message.flags.size < MAX_FLAGS) {
      message.flags.add(flag);
    }
  }
}
/** Flags of one message. */
const MAX_FLAGS = 100;

function copy(context: ImapContext, selected: SelectedMailbox, args: ArgumentReader, byUid: boolean): string {
  const chosen = readSet(selected, args, byUid);
  args.expect(' ');
  const target = context.account.get(args.astring());
  args.expectEnd();
  if (target === undefined) {
    throw new Refusal('NO', '[TRYCREATE] No such mailbox');
  }
  if (chosen.length === 0) {
    return 'No messages copied.';
  }
  const copies = chosen.map(({ message }) =>
    target.append(message.bytes, { flags: message.flags, internalDate: message.internalDate }),
  );
  const from = uidList(chosen.map(({ message }) => message));
  return `[COPYUID ${target.uidValidity} ${from} ${uidList(copies)}] Copy completed.`;
}

function uidList(messages: readonly StoredMessage[]): string {
  return messages.map((message) => message.uid).join(',');
}

function search(
  context: ImapContext,
  selected: SelectedMailbox,
  args: ArgumentReader,
  byUid: boolean,
): string {
  args.expect(' ');
  if (args.skip('CHARSET ') || args.skip('charset ')) {
    args.astring();
    args.expect(' ');
  }
  const test = readSearchKeys(args, selected);
  const found = selected.all().filter(test);
  const numbers = found.map(({ sequence, message }) => ` ${byUid ? message.uid : sequence}`);
  context.untagged(`SEARCH${numbers.join('')}`);
  return 'Search completed.';
}

function expunge(
  _context: ImapContext,
  selected: SelectedMailbox,
  args: ArgumentReader,
  byUid: boolean,
): string {
  const candidates = byUid ? readSet(selected, args, true) : selected.all();
  args.expectEnd();
  refuseReadOnly(selected);
  const doomed = candidates.map(({ message }) => message).filter((message) => message.flags.has('\\Deleted'));
  selected.mailbox.expunge(new Set(doomed));
  return 'Expunge completed.';
}

function leave(context: ImapContext, selected: SelectedMailbox, mayExpunge: boolean): string {
  context.select(undefined);
  if (mayExpunge && !selected.isReadOnly) {
    selected.mailbox.expunge(
      new Set(selected.mailbox.messages.filter((message) => message.flags.has('\\Deleted'))),
    );
  }
  return mayExpunge ? 'Close completed.' : 'Unselect completed.';
}

function readSet(selected: SelectedMailbox, args: ArgumentReader, byUid: boolean): NumberedMessage[] {
  args.expect(' ');
  return selected.resolve(args.sequenceSet(), byUid);
}

function refuseReadOnly(selected: SelectedMailbox): void {
  if (selected.isReadOnly) {
    throw new Refusal('NO', '[READ-ONLY] Mailbox is read-only');
  }
}
