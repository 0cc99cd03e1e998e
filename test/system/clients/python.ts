import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, readMessages } from './client.ts';

const SCRIPT = join(import.meta.dirname, 'python-client.py');

function python(protocol: 'imap' | 'pop3'): Client {
  return {
    name: protocol === 'imap' ? 'python imaplib' : 'python poplib',
    protocol,
    securities: SECURITIES,
    async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
      const inbox = join(folder, 'inbox');
      await mkdir(inbox);
      const { security, port, certificate } = endpoint;
      const args = [protocol, security, String(port), certificate.cert, user, PASSWORD, inbox];
      await runOk('/usr/bin/python3', [SCRIPT, ...args]);
      return readMessages(inbox);
    },
  };
}

export const imaplib = python('imap');
export const poplib = python('pop3');
