import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, makeMaildir, readMaildir } from './client.ts';

const SSL_TYPES = { clear: 'None', starttls: 'STARTTLS', tls: 'IMAPS' } as const;

async function configure(endpoint: Endpoint, user: string, folder: string): Promise<string> {
  const maildir = await makeMaildir(folder);
  const file = join(folder, 'mbsyncrc');
  await writeFile(
    file,
    `IMAPAccount server
Host localhost
Port ${endpoint.port}
User ${user}
Pass "${PASSWORD}"
AuthMechs LOGIN
SSLType ${SSL_TYPES[endpoint.security]}
CertificateFile ${endpoint.certificate.cert}

IMAPStore far
Account server

MaildirStore near
Inbox ${maildir}

Channel inbox
Far :far:INBOX
Near :near:INBOX
Create None
Expunge None
SyncState ${folder}/
Sync Pull
`,
  );
  return file;
}

/** mbsync adds a random header of its own to each message that it stores. */
function withoutMark(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replace(/^X-TUID: .{12}\r?\n/m, ''), 'latin1');
}

/** isync: pipelines without a bound, gives up after 20 s of silence. */
export const mbsync: Client = {
  name: 'mbsync',
  protocol: 'imap',
  securities: SECURITIES,
  async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
    const file = await configure(endpoint, user, folder);
    await runOk('mbsync', ['-c', file, 'inbox'], { env: { HOME: folder } });
    const download = await readMaildir(join(folder, 'Maildir'));
    return new Map([...download].map(([name, message]) => [name, withoutMark(message)]));
  },
};
