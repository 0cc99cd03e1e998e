import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, LOOPBACK, readMessages } from './client.ts';

function common(endpoint: Endpoint, user: string): string[] {
  const starttls = endpoint.security === 'starttls' ? ['--ssl-reqd'] : [];
  const login = ['--user', `${user}:${PASSWORD}`, '--cacert', endpoint.certificate.cert];
  return [...'--silent --show-error --max-time 100 --noproxy *'.split(' '), ...login, ...starttls];
}

function count(listing: string, protocol: 'imap' | 'pop3'): number {
  return protocol === 'imap'
    ? Number(/\* STATUS [^(]*\(MESSAGES (\d+)\)/.exec(listing)?.[1] ?? 0)
    : listing.trim().split('\n').length;
}

function curl(protocol: 'imap' | 'pop3'): Client {
  return {
    name: `curl (${protocol})`,
    protocol,
    securities: SECURITIES,
    async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
      const scheme = endpoint.security === 'tls' ? `${protocol}s` : protocol;
      const root = `${scheme}://${LOOPBACK}:${endpoint.port}/`;
      const list = protocol === 'imap' ? ['--request', 'STATUS INBOX (MESSAGES)'] : [];
      const listing = await runOk('curl', [...common(endpoint, user), ...list, root]);
      const total = count(listing.stdout.toString('latin1'), protocol);
      const inbox = join(folder, 'inbox');
      await mkdir(inbox);
      const message = protocol === 'imap' ? `INBOX;MAILINDEX=[1-${total}]` : `[1-${total}]`;
      const output = ['--output', join(inbox, 'message.#1')];
      await runOk('curl', [...common(endpoint, user), ...output, `${root}${message}`]);
      return readMessages(inbox);
    },
  };
}

export const curlImap = curl('imap');
export const curlPop3 = curl('pop3');
