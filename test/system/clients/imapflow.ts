import { readFile } from 'node:fs/promises';
import { ImapFlow } from 'imapflow';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { byName, type Client, type Download, LOOPBACK } from './client.ts';

export async function openImapFlow(endpoint: Endpoint, user: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: LOOPBACK,
    port: endpoint.port,
    secure: endpoint.security === 'tls',
    doSTARTTLS: endpoint.security === 'starttls',
    auth: { user, pass: PASSWORD },
    tls: { ca: await readFile(endpoint.certificate.cert), servername: 'localhost' },
    logger: false,
  });
  client.on('error', () => undefined); // what goes wrong rejects the call that is waiting
  await client.connect();
  return client;
}

export const imapflow: Client = {
  name: 'imapflow',
  protocol: 'imap',
  securities: SECURITIES,
  async download(endpoint: Endpoint, user: string): Promise<Download> {
    const client = await openImapFlow(endpoint, user);
    try {
      await client.mailboxOpen('INBOX', { readOnly: true });
      const messages: Buffer[] = [];
      for await (const message of client.fetch('1:*', { source: true })) {
        messages.push(message.source ?? Buffer.alloc(0));
      }
      return byName(messages);
    } finally {
      await client.logout();
    }
  },
};
