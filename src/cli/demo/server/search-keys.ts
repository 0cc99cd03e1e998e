import { Refusal, type ArgumentReader } from './argument-reader.ts';
import { MONTHS } from './fetch-response.ts';
import type { StoredMessage } from './mailbox.ts';
import { headerValue } from './mime-structure.ts';
import type { NumberedMessage, SelectedMailbox } from './selected-mailbox.ts';

type Test = (candidate: NumberedMessage) => boolean;
type KeyReader = (args: ArgumentReader, selected: SelectedMailbox) => Test;

const DAY_MS = 86_400_000;

/** Reads the keys of a SEARCH; all of them have to hold. */
export function readSearchKeys(args: ArgumentReader, selected: SelectedMailbox): Test {
  const tests: Test[] = [readKey(args, selected)];
  while (args.skip(' ')) {
    tests.push(readKey(args, selected));
  }
  args.expectEnd();
  return all(tests);
}

function readKey(args: ArgumentReader, selected: SelectedMailbox): Test {
  if (args.peek() === '(') {
    return all(args.list(() => readKey(args, selected)));
  }
  if (/[\d*]/.test(args.peek())) {
    const chosen = new Set(selected.resolve(args.sequenceSet(), false).map(({ message }) => message));
    return ({ message }) => chosen.has(message);
  }
  const reader = KEYS.get(args.atom().toUpperCase());
  if (reader === undefined) {
    throw new Refusal('BAD', 'Unknown search key');
  }
  return reader(args, selected);
}

function all(tests: readonly Test[]): Test {
  return (candidate) => tests.every((test) => test(candidate));
}

const constant =
  (value: boolean): KeyReader =>
  () =>
  () =>
    value;

const flag =
  (name: string, isWanted: boolean): KeyReader =>
  () =>
  ({ message }) =>
    message.flags.has(name) === isWanted;

const keyword =
  (isWanted: boolean): KeyReader =>
  (args) => {
    args.expect(' ');
    const name = args.atom();
    return ({ message }) => message.flags.has(name) === isWanted;
  };

const size =
  (compare: (bytes: number, limit: number) => boolean): KeyReader =>
  (args) => {
    args.expect(' ');
    const limit = args.number();
    return ({ message }) => compare(message.bytes.length, limit);
  };

const field =
  (name: string): KeyReader =>
  (args) => {
    const wanted = readText(args);
    return ({ message }) => contains(headerValue(message.structure.headers, name) ?? '', wanted);
  };

const date =
  (timeOf: (message: StoredMessage) => number, holds: (day: number, wanted: number) => boolean): KeyReader =>
  (args) => {
    args.expect(' ');
    const wanted = parseDate(args.astring());
    return ({ message }) => holds(Math.floor(timeOf(message) / DAY_MS), wanted);
  };

const received = (message: StoredMessage) => message.internalDate.getTime();
const written = (message: StoredMessage) => Date.parse(headerValue(message.structure.headers, 'date') ?? '');
const before = (day: number, wanted: number) => day < wanted;
const on = (day: number, wanted: number) => day === wanted;
const since = (day: number, wanted: number) => day >= wanted;

const readHeader: KeyReader = (args) => {
  args.expect(' ');
  const name = args.astring().toLowerCase();
  const wanted = readText(args);
  return ({ message }) =>
    message.structure.headers.some((header) => header.name === name && contains(header.value, wanted));
};

const readUids: KeyReader = (args, selected) => {
  args.expect(' ');
  const chosen = new Set(selected.resolve(args.sequenceSet(), true).map(({ message }) => message));
  return ({ message }) => chosen.has(message);
};

const readNot: KeyReader = (args, selected) => {
  args.expect(' ');
  const test = args.nested(() => readKey(args, selected));
  return (candidate) => !test(candidate);
};

const readOr: KeyReader = (args, selected) => {
  args.expect(' ');
  const left = args.nested(() => readKey(args, selected));
  args.expect(' ');
  const right = args.nested(() => readKey(args, selected));
  return (candidate) => left(candidate) || right(candidate);
};

/** Raw bytes are searched, encoded or not: enough for a demonstration. */
const inBytes =
  (startOf: (message: StoredMessage) => number): KeyReader =>
  (args) => {
    const wanted = readText(args);
    return ({ message }) => contains(message.bytes.toString('latin1', startOf(message)), wanted);
  };

const KEYS: ReadonlyMap<string, KeyReader> = new Map([
  ['ALL', constant(true)],
  ['NEW', constant(false)],
  ['RECENT', constant(false)],
  ['OLD', constant(true)],
  ['ANSWERED', flag('\\Answered', true)],
  ['UNANSWERED', flag('\\Answered', false)],
  ['DELETED', flag('\\Deleted', true)],
  ['UNDELETED', flag('\\Deleted', false)],
  ['DRAFT', flag('\\Draft', true)],
  ['UNDRAFT', flag('\\Draft', false)],
  ['FLAGGED', flag('\\Flagged', true)],
  ['UNFLAGGED', flag('\\Flagged', false)],
  ['SEEN', flag('\\Seen', true)],
  ['UNSEEN', flag('\\Seen', false)],
  ['KEYWORD', keyword(true)],
  ['UNKEYWORD', keyword(false)],
  ['LARGER', size((bytes, limit) => bytes > limit)],
  ['SMALLER', size((bytes, limit) => bytes < limit)],
  ['BEFORE', date(received, before)],
  ['ON', date(received, on)],
  ['SINCE', date(received, since)],
  ['SENTBEFORE', date(written, before)],
  ['SENTON', date(written, on)],
  ['SENTSINCE', date(written, since)],
  ['FROM', field('from')],
  ['TO', field('to')],
  ['CC', field('cc')],
  ['BCC', field('bcc')],
  ['SUBJECT', field('subject')],
  ['HEADER', readHeader],
  ['BODY', inBytes((message) => message.structure.bodyStart)],
  ['TEXT', inBytes(() => 0)],
  ['UID', readUids],
  ['NOT', readNot],
  ['OR', readOr],
]);

function readText(args: ArgumentReader): string {
  args.expect(' ');
  return args.astring().toLowerCase();
}

function contains(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted);
}

/** `1-Feb-1994` as days since 1970. */
function parseDate(text: string): number {
  const match = /^(\d{1,2})-([A-Za-z]{3})-(\d{4})$/.exec(text);
  const month = MONTHS.findIndex((name) => name.toLowerCase() === match?.[2]?.toLowerCase());
  if (match === null || month === -1) {
    throw new Refusal('BAD', 'Invalid date');
  }
  return Math.floor(Date.UTC(Number(match[3]), month, Number(match[1])) / DAY_MS);
}
