import { type Leaf, leavesOf } from '../harness/body-structure.ts';
import type { ImapReader, ImapResponse } from '../harness/imap-reader.ts';

/** What a client asked for, put together from all its windows. */
export interface Reading {
  readonly message: number;
  readonly section: string;
  /** How many octets each answer brought. */
  readonly windows: readonly number[];
  readonly bytes: Buffer;
}

/** The requests of a client that cannot run here, and what it insists on in the answers. */
export interface ScriptedClient {
  readonly name: string;
  /** The silence after which it gives up. */
  readonly patienceMs: number;
  /** It asks for ranges of what is large. */
  readonly readsInWindows: boolean;
  /** Reads the whole mailbox. */
  read(reader: ImapReader): Promise<Reading[]>;
}

interface Listed {
  readonly number: number;
  readonly uid: number;
  readonly size: number;
}

/** How a client walks through one section. */
interface Walk {
  readonly section: string;
  /** The FETCH for one range, `<origin.length>`. */
  readonly request: (range: string) => string;
  /** How much it asks for, after this many windows. */
  readonly length: (count: number) => number;
  readonly isLast: (total: number, asked: number, received: number) => boolean;
}

const HEADERS = 'From To Cc Subject Date Message-ID References Content-Type';
/** Far more than the largest message of the tests has: a walk that comes here would not end. */
const MAX_WINDOWS = 256;

const THUNDERBIRD_WHOLE = 98_304;
const THUNDERBIRD_CHUNK = 65_536;
const THUNDERBIRD_GROWTH = 8_192;
const PREVIEW = '<0.2048>';
const APPLE_WINDOW = 393_216;
const FAIREMAIL_WINDOW = 1_048_576;
/** The smallest of K-9’s settings for what it fetches whole. */
const K9_WHOLE = 1_024;

const CONTENT = /BODY\[[^\]]*\](?:<(\d+)>)? (?:\{\d+\}|"((?:[^"\\]|\\.)*)"|NIL)/i;

function withContent(untagged: readonly ImapResponse[]): ImapResponse[] {
  return untagged.filter(({ text }) => /^\* \d+ FETCH \(.*BODY/i.test(text));
}

async function list(reader: ImapReader, command: string): Promise<[Listed, ImapResponse][]> {
  const { untagged } = await reader.ok(command);
  return withContent(untagged).map((response) => {
    const number = Number(/^\* (\d+)/.exec(response.text)?.[1]);
    const uid = Number(/\bUID (\d+)/.exec(response.text)?.[1]);
    const size = Number(/\bRFC822\.SIZE (\d+)/.exec(response.text)?.[1]);
    return [{ number, uid, size }, response];
  });
}

async function listHeaders(reader: ImapReader): Promise<[Listed[], Reading[]]> {
  const items = `(UID RFC822.SIZE FLAGS BODY.PEEK[HEADER.FIELDS (${HEADERS})])`;
  const listed = await list(reader, `UID FETCH 1:* ${items}`);
  const readings = listed.map(([{ number }, { literals }]) => {
    const bytes = literals[0] ?? Buffer.alloc(0);
    return { message: number, section: 'HEADER.FIELDS', windows: [bytes.length], bytes };
  });
  return [listed.map(([message]) => message), readings];
}

async function structureOf(reader: ImapReader, uid: number): Promise<Leaf[]> {
  const [response] = withContent((await reader.ok(`UID FETCH ${uid} (UID BODYSTRUCTURE)`)).untagged);
  if (response === undefined) {
    throw new Error(`no structure of ${uid}`);
  }
  return leavesOf(response);
}

interface Answer {
  readonly response: ImapResponse;
  readonly origin: number | undefined;
  readonly bytes: Buffer;
}

async function content(reader: ImapReader, command: string): Promise<Answer> {
  const [response, ...more] = withContent((await reader.ok(command)).untagged);
  const match = CONTENT.exec(response?.text ?? '');
  if (response === undefined || match === null || more.length > 0) {
    throw new Error(`${command}: not one content but ${response?.text} and ${more.length} more`);
  }
  const [, origin, quoted = ''] = match;
  const bytes = response.literals[0] ?? Buffer.from(quoted.replaceAll(/\\(.)/g, '$1'), 'latin1');
  return { response, origin: origin === undefined ? undefined : Number(origin), bytes };
}

async function once(reader: ImapReader, message: Listed, section: string, command: string): Promise<Reading> {
  const { bytes } = await content(reader, command);
  return { message: message.number, section, windows: [bytes.length], bytes };
}

async function walked(reader: ImapReader, message: Listed, walk: Walk): Promise<Reading> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (pieces.length < MAX_WINDOWS) {
    const asked = walk.length(pieces.length);
    const command = walk.request(`<${total}.${asked}>`);
    const { origin, bytes } = await content(reader, command);
    if (origin !== total || bytes.length > asked) {
      throw new Error(`${command}: ${bytes.length} octets from ${origin}`);
    }
    pieces.push(bytes);
    total += bytes.length;
    if (walk.isLast(total, asked, bytes.length)) {
      const windows = pieces.map(({ length }) => length);
      return { message: message.number, section: walk.section, windows, bytes: Buffer.concat(pieces) };
    }
  }
  throw new Error(`${walk.request('<…>')}: no end after ${MAX_WINDOWS} windows`);
}

function openInThunderbird(reader: ImapReader, message: Listed): Promise<Reading> {
  const { uid, size } = message;
  if (size <= THUNDERBIRD_WHOLE) {
    return once(reader, message, '', `UID fetch ${uid} (UID RFC822.SIZE BODY[])`);
  }
  return walked(reader, message, {
    section: '',
    request: (range) => `UID fetch ${uid} (UID RFC822.SIZE BODY.PEEK[]${range})`,
    length: (count) => THUNDERBIRD_CHUNK + count * THUNDERBIRD_GROWTH,
    isLast: (total, asked, received) => {
      if (received !== asked && total < size) {
        throw new Error(`truncated message body: ${total} of ${size}`);
      }
      return total >= size;
    },
  });
}

const thunderbird: ScriptedClient = {
  name: 'Thunderbird',
  patienceMs: 100_000,
  readsInWindows: true,
  async read(reader) {
    const [messages, readings] = await listHeaders(reader);
    for (const message of messages) {
      const preview = `UID fetch ${message.uid} (UID BODY.PEEK[TEXT]${PREVIEW})`;
      readings.push(await once(reader, message, `TEXT${PREVIEW}`, preview));
      readings.push(await openInThunderbird(reader, message));
    }
    return readings;
  },
};

const appleMail: ScriptedClient = {
  name: 'Apple Mail',
  patienceMs: 60_000,
  readsInWindows: true,
  async read(reader) {
    const [messages, readings] = await listHeaders(reader);
    for (const message of messages) {
      for (const leaf of await structureOf(reader, message.uid)) {
        const section = leaf.section === '' ? '1' : leaf.section;
        readings.push(
          await walked(reader, message, {
            section,
            request: (range) => `UID FETCH ${message.uid} (UID BODY.PEEK[${section}]${range})`,
            length: () => APPLE_WINDOW,
            isLast: (_total, asked, received) => received < asked,
          }),
        );
      }
    }
    return readings;
  },
};

/** K-9 finds its message by the UID while the literal arrives, so that the UID has to come first. */
async function readInK9(reader: ImapReader, message: Listed, section: string): Promise<Reading> {
  const command = `UID FETCH ${message.uid} (UID BODY.PEEK[${section}])`;
  const { response, bytes } = await content(reader, command);
  if (!/^\* \d+ FETCH \(.*\bUID \d+ .*BODY\[/i.test(response.text)) {
    throw new Error(`${command}: no UID before the content: ${response.text}`);
  }
  return { message: message.number, section, windows: [bytes.length], bytes };
}

async function sectionsOfK9(reader: ImapReader, message: Listed): Promise<string[]> {
  if (message.size <= K9_WHOLE) {
    return [''];
  }
  const leaves = await structureOf(reader, message.uid);
  const shown = leaves.filter(({ type }) => type.startsWith('text/'));
  const tapped = leaves.filter(({ type }) => !type.startsWith('text/'));
  return [...shown, ...tapped].map(({ section }) => (section === '' ? 'TEXT' : section));
}

const k9: ScriptedClient = {
  name: 'K-9',
  patienceMs: 60_000,
  readsInWindows: false,
  async read(reader) {
    const [messages, readings] = await listHeaders(reader);
    for (const message of messages) {
      for (const section of await sectionsOfK9(reader, message)) {
        readings.push(await readInK9(reader, message, section));
      }
    }
    return readings;
  },
};

async function readInFairEmail(reader: ImapReader, message: Listed, leaf: Leaf): Promise<Reading> {
  const section = leaf.section === '' ? '1' : leaf.section;
  const reading = await walked(reader, message, {
    section,
    request: (range) => `FETCH ${message.number} (BODY.PEEK[${section}]${range})`,
    length: () => FAIREMAIL_WINDOW,
    isLast: (total, asked, received) => received < asked || total >= leaf.octets,
  });
  if (reading.bytes.length !== leaf.octets) {
    throw new Error(`${message.number} ${section}: ${reading.bytes.length} octets instead of ${leaf.octets}`);
  }
  return reading;
}

const fairEmail: ScriptedClient = {
  name: 'FairEmail',
  patienceMs: 40_000,
  readsInWindows: true,
  async read(reader) {
    const listed = await list(reader, 'FETCH 1:* (UID FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE)');
    const readings: Reading[] = [];
    for (const [message, response] of listed) {
      for (const leaf of leavesOf(response)) {
        readings.push(await readInFairEmail(reader, message, leaf));
      }
    }
    return readings;
  },
};

export const SCRIPTED_CLIENTS: readonly ScriptedClient[] = [thunderbird, appleMail, k9, fairEmail];
