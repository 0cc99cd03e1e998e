import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Endpoint,
  imapEndpoint,
  type MailServer,
  pop3Endpoint,
  type Security,
} from '../harness/mail-server.ts';
import { removeFolder, scratchFolder } from '../harness/scratch.ts';

/** What a client wrote, by the name of the message in the corpus. */
export type Download = ReadonlyMap<string, Buffer>;

/** A mail client that downloads a whole INBOX. */
export interface Client {
  readonly name: string;
  readonly protocol: 'imap' | 'pop3';
  /** The ways of connecting that it knows. */
  readonly securities: readonly Security[];
  /** `folder` is empty and the client's own. Leaves the messages on the server. */
  download(endpoint: Endpoint, user: string, folder: string): Promise<Download>;
}

export const LOOPBACK = '127.0.0.1';

const NAME = /^Message-ID: <([^@>]+)@corpus\.example>/im;

/** The corpus name of a message: the first Message-ID, which is the outer one. */
export function nameOf(message: Buffer): string {
  const name = NAME.exec(message.subarray(0, 32_768).toString('latin1'))?.[1];
  if (name === undefined) {
    throw new Error(`a message without its Message-ID:\n${message.subarray(0, 500).toString('latin1')}`);
  }
  return name;
}

export function byName(messages: Iterable<Buffer>): Download {
  const download = new Map<string, Buffer>();
  for (const message of messages) {
    const name = nameOf(message);
    if (download.has(name)) {
      throw new Error(`${name} was downloaded twice`);
    }
    download.set(name, message);
  }
  return download;
}

/** Reads every file below `folder`, one message each. */
export async function readMessages(folder: string): Promise<Download> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const contents = await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name))));
  return byName(contents);
}

/** Lets a client download a user's INBOX from a server, in a folder that is removed again. */
export async function downloadWith(
  client: Client,
  server: MailServer,
  security: Security,
  user: string,
): Promise<Download> {
  const endpoint =
    client.protocol === 'imap' ? imapEndpoint(server, security) : pop3Endpoint(server, security);
  const folder = await scratchFolder('client');
  try {
    return await client.download(endpoint, user, folder);
  } finally {
    await removeFolder(folder);
  }
}

/** An empty maildir; returns its path. */
export async function makeMaildir(folder: string): Promise<string> {
  const maildir = join(folder, 'Maildir');
  for (const name of ['tmp', 'new', 'cur']) {
    await mkdir(join(maildir, name), { recursive: true });
  }
  return maildir;
}

/** The messages of a maildir, and nothing of the state that clients keep beside them. */
export async function readMaildir(maildir: string): Promise<Download> {
  const [fresh, current] = await Promise.all([
    readMessages(join(maildir, 'new')),
    readMessages(join(maildir, 'cur')),
  ]);
  return new Map([...fresh, ...current]);
}
