import { ImapClient, type ImapLine } from './imap-client.ts';
import { Pop3Client } from './pop3-client.ts';
import { WireError, type Endpoint } from './wire-connection.ts';

/** One message as a client sees it over one protocol. */
export interface Observation {
  /** As it arrived; undefined when it could not be fetched. */
  readonly bytes: Buffer | undefined;
  /** What went wrong; empty when nothing did. */
  readonly error: string;
  /** From the request to the last octet, milliseconds. */
  readonly ms: number;
  /** RFC822.SIZE or the size in LIST. */
  readonly announcedBytes: number;
  /** ENVELOPE and BODYSTRUCTURE as sent; the unique id over POP3. */
  readonly metadata: string;
  /** Sorted; before and after everything was read. Empty over POP3. */
  readonly flagsBefore: string;
  readonly flagsAfter: string;
}

interface Announced {
  readonly bytes: number;
  readonly metadata: string;
  readonly flags: string;
}

/** One open session; messages are numbered from 1. */
interface MailboxSession {
  list(): Promise<readonly Announced[]>;
  read(number: number): Promise<Buffer>;
  flags(): Promise<readonly string[]>;
  close(): void;
}

/** Reads everything in the INBOX, one message after the other. Rejects when not even the list can be read. */
export async function readMailbox(
  kind: 'imap' | 'pop3',
  endpoint: Endpoint,
): Promise<readonly Observation[]> {
  const open = kind === 'imap' ? openImap : openPop3;
  let session = await open(endpoint);
  try {
    const announced = await session.list();
    const contents: { bytes: Buffer | undefined; error: string; ms: number }[] = [];
    for (const index of announced.keys()) {
      const start = performance.now();
      const outcome = await attempt(session, index + 1);
      contents.push({ ...outcome, ms: performance.now() - start });
      if (outcome.bytes === undefined) {
        session.close(); // its state is unknown
        session = await open(endpoint);
      }
    }
    const after = await session.flags();
    return announced.map((message, index) => ({
      ...(contents[index] ?? { bytes: undefined, error: 'not read', ms: 0 }),
      announcedBytes: message.bytes,
      metadata: message.metadata,
      flagsBefore: message.flags,
      flagsAfter: after[index] ?? '',
    }));
  } finally {
    session.close();
  }
}

async function attempt(session: MailboxSession, number: number) {
  try {
    return { bytes: await session.read(number), error: '' };
  } catch (error) {
    if (!(error instanceof WireError)) {
      throw error;
    }
    return { bytes: undefined, error: error.message };
  }
}

async function openImap(endpoint: Endpoint): Promise<MailboxSession> {
  const client = await ImapClient.open(endpoint);
  await client.must('SELECT INBOX');
  const fetchAll = async (items: string) => {
    const { untagged } = await client.must(`FETCH 1:* (${items})`);
    return untagged.filter((line) => / FETCH \(/.test(line.text));
  };
  return {
    list: async () => (await fetchAll('FLAGS RFC822.SIZE ENVELOPE BODYSTRUCTURE')).map(parseAnnounced),
    read: async (number) => {
      const { untagged } = await client.must(`UID FETCH ${number} (UID BODY.PEEK[])`);
      const bytes = untagged.find((line) => line.text.includes('BODY[]'))?.literals[0];
      if (bytes === undefined) {
        throw new WireError('no content in the answer');
      }
      return bytes;
    },
    flags: async () => (await fetchAll('FLAGS')).map((line) => readFlags(line.text)),
    close: () => client.close(),
  };
}

function parseAnnounced(line: ImapLine): Announced {
  const bytes = Number(/RFC822\.SIZE (\d+)/.exec(line.text)?.[1]);
  const structure = line.text.slice(line.text.indexOf('ENVELOPE'));
  const metadata = [structure, ...line.literals.map((literal) => literal.toString('latin1'))].join('\n');
  return { bytes, metadata, flags: readFlags(line.text) };
}

function readFlags(text: string): string {
  const list = /FLAGS \(([^()]*)\)/.exec(text)?.[1] ?? '';
  return list.split(' ').sort().join(' ');
}

async function openPop3(endpoint: Endpoint): Promise<MailboxSession> {
  const client = await Pop3Client.open(endpoint);
  return {
    list: async () => {
      const sizes = await listing(client, 'LIST');
      const ids = await listing(client, 'UIDL');
      return sizes.map((size, index) => ({ bytes: Number(size), metadata: ids[index] ?? '', flags: '' }));
    },
    read: (number) => client.multiLine(`RETR ${number}`),
    flags: async () => [],
    close: () => client.close(),
  };
}

async function listing(client: Pop3Client, command: string): Promise<string[]> {
  const lines = (await client.multiLine(command)).toString('latin1').split('\r\n');
  return lines.filter((line) => line !== '').map((line) => line.split(' ')[1] ?? '');
}
