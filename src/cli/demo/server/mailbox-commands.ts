import { Refusal, type ArgumentReader } from './argument-reader.ts';
import { imapString } from './bodystructure.ts';
import { MONTHS } from './fetch-response.ts';
import type { ImapCommand, ImapContext } from './imap-context.ts';
import type { Mailbox } from './mailbox.ts';
import { SelectedMailbox } from './selected-mailbox.ts';

const FLAGS = '\\Answered \\Flagged \\Deleted \\Seen \\Draft';

/** Commands of the authenticated state, by name. */
export const MAILBOX_COMMANDS: ReadonlyMap<string, ImapCommand> = new Map<string, ImapCommand>([
  ['SELECT', (context, args) => select(context, args, false)],
  ['EXAMINE', (context, args) => select(context, args, true)],
  ['LIST', (context, args) => list(context, args, 'LIST')],
  ['LSUB', (context, args) => list(context, args, 'LSUB')],
  ['STATUS', status],
  ['CREATE', create],
  ['DELETE', remove],
  ['SUBSCRIBE', subscribe],
  ['UNSUBSCRIBE', subscribe],
  ['NAMESPACE', namespace],
  ['APPEND', append],
]);

function select(context: ImapContext, args: ArgumentReader, isReadOnly: boolean): string {
  const name = lastName(args);
  context.select(undefined);
  const mailbox = existing(context, name);
  const selected = new SelectedMailbox(mailbox, isReadOnly);
  context.select(selected);
  const unseen = mailbox.messages.findIndex((message) => !message.flags.has('\\Seen'));
  context.untagged(`FLAGS (${FLAGS})`);
  context.untagged(`OK [PERMANENTFLAGS (${isReadOnly ? '' : `${FLAGS} \\*`})] Flags permitted.`);
  context.untagged(`${selected.count} EXISTS`);
  context.untagged('0 RECENT');
  if (unseen !== -1) {
    context.untagged(`OK [UNSEEN ${unseen + 1}] First unseen.`);
  }
  context.untagged(`OK [UIDVALIDITY ${mailbox.uidValidity}] UIDs valid`);
  context.untagged(`OK [UIDNEXT ${mailbox.uidNext}] Predicted next UID`);
  return isReadOnly ? '[READ-ONLY] Examine completed.' : '[READ-WRITE] Select completed.';
}

function list(context: ImapContext, args: ArgumentReader, name: string): string {
  args.expect(' ');
  const reference = args.astring();
  args.expect(' ');
  const pattern = args.astring();
  args.expectEnd();
  if (pattern === '') {
    context.untagged(`${name} (\\Noselect) "/" ""`);
    return 'List completed.';
  }
  const matches = patternMatcher(reference + pattern);
  for (const mailbox of context.account.list()) {
    if (matches(mailbox.name)) {
      context.untagged(`${name} (\\HasNoChildren) "/" ${imapString(mailbox.name)}`);
    }
  }
  return 'List completed.';
}

/** `*` matches everything, `%` everything but the hierarchy separator. Without a regular expression: no backtracking. */
function patternMatcher(pattern: string): (name: string) => boolean {
  const matches = (name: string): boolean => {
    let states = new Set([0]);
    for (const character of `${name}\0`) {
      states = closure(pattern, states);
      if (character === '\0') {
        break;
      }
      states = new Set([...states].flatMap((state) => step(pattern, state, character)));
    }
    return states.has(pattern.length);
  };
  return (name) => matches(name) || (pattern.toUpperCase() === 'INBOX' && name === 'INBOX');
}

function closure(pattern: string, states: ReadonlySet<number>): Set<number> {
  const reached = new Set(states);
  for (const state of reached) {
    if (pattern[state] === '*' || pattern[state] === '%') {
      reached.add(state + 1);
    }
  }
  return reached;
}

function step(pattern: string, state: number, character: string): number[] {
  const expected = pattern[state];
  if (expected === '*' || (expected === '%' && character !== '/')) {
    return [state];
  }
  return expected === character ? [state + 1] : [];
}

function status(context: ImapContext, args: ArgumentReader): string {
  args.expect(' ');
  const mailbox = existing(context, args.astring());
  args.expect(' ');
  const values = args.list(() => statusItem(mailbox, args.atom().toUpperCase()));
  context.untagged(`STATUS ${imapString(mailbox.name)} (${values.join(' ')})`);
  return 'Status completed.';
}

function statusItem(mailbox: Mailbox, name: string): string {
  switch (name) {
    case 'MESSAGES':
      return `MESSAGES ${mailbox.messages.length}`;
    case 'RECENT':
      return 'RECENT 0';
    case 'UIDNEXT':
      return `UIDNEXT ${mailbox.uidNext}`;
    case 'UIDVALIDITY':
      return `UIDVALIDITY ${mailbox.uidValidity}`;
    case 'UNSEEN':
      return `UNSEEN ${mailbox.messages.filter((message) => !message.flags.has('\\Seen')).length}`;
    default:
      throw new Refusal('BAD', 'Unknown status item');
  }
}

function create(context: ImapContext, args: ArgumentReader): string {
  const name = lastName(args);
  if (context.account.get(name) !== undefined) {
    throw new Refusal('NO', '[ALREADYEXISTS] Mailbox already exists');
  }
  if (context.account.list().length >= MAX_MAILBOXES || !/^[\x20-\x7e]{1,200}$/.test(name)) {
    throw new Refusal('NO', '[CANNOT] Invalid mailbox name');
  }
  context.account.create(name);
  return 'Create completed.';
}
/** A demonstration needs a handful. */
const MAX_MAILBOXES = 1_000;

function remove(context: ImapContext, args: ArgumentReader): string {
  if (!context.account.delete(lastName(args))) {
    throw new Refusal('NO', '[NONEXISTENT] No such mailbox');
  }
  return 'Delete completed.';
}

/** Every mailbox is subscribed. */
function subscribe(_context: ImapContext, args: ArgumentReader): string {
  lastName(args);
  return 'Completed.';
}

function namespace(context: ImapContext, args: ArgumentReader): string {
  args.expectEnd();
  context.untagged('NAMESPACE (("" "/")) NIL NIL');
  return 'Namespace completed.';
}

function append(context: ImapContext, args: ArgumentReader): string {
  args.expect(' ');
  const mailbox = context.account.get(args.astring());
  args.expect(' ');
  const flags = args.peek() === '(' ? args.list(() => readFlag(args)) : [];
  args.skip(' ');
  const internalDate = args.peek() === '"' ? parseDateTime(args.string().toString('latin1')) : new Date();
  args.skip(' ');
  const bytes = args.string();
  args.expectEnd();
  if (mailbox === undefined) {
    throw new Refusal('NO', '[TRYCREATE] No such mailbox');
  }
  const message = mailbox.append(Buffer.from(bytes), { flags, internalDate });
  return `[APPENDUID ${mailbox.uidValidity} ${message.uid}] Append completed.`;
}

/** System flags in their canonical spelling, keywords as they come. */
export function readFlag(args: ArgumentReader): string {
  const isSystem = args.skip('\\');
  const name = args.atom();
  return isSystem ? `\\${name.charAt(0).toUpperCase()}${name.slice(1).toLowerCase()}` : name;
}

function parseDateTime(text: string): Date {
  const match = /^ ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text);
  const month = MONTHS.indexOf(match?.[2] ?? '') + 1;
  const [, day = '', , year = '', time = '', hours = '', minutes = ''] = match ?? [];
  const date = new Date(`${year}-${pad(month)}-${day.padStart(2, '0')}T${time}${hours}:${minutes}`);
  if (Number.isNaN(date.getTime())) {
    throw new Refusal('BAD', 'Invalid date');
  }
  return date;
}

function pad(value: number): string {
  return String(value).padStart(2, '0');
}

function lastName(args: ArgumentReader): string {
  args.expect(' ');
  const name = args.astring();
  args.expectEnd();
  return name;
}

function existing(context: ImapContext, name: string): Mailbox {
  const mailbox = context.account.get(name);
  if (mailbox === undefined) {
    throw new Refusal('NO', '[NONEXISTENT] No such mailbox');
  }
  return mailbox;
}
