import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { EndedBySignal, runOk } from '../harness/program.ts';
import { type Client, type Download, readMaildir } from './client.ts';

function tlsWords(endpoint: Endpoint): string {
  if (endpoint.security === 'clear') {
    return 'ssl = no\nstarttls = no';
  }
  const implicit = endpoint.security === 'tls';
  return `ssl = ${implicit ? 'yes' : 'no'}\nstarttls = ${implicit ? 'no' : 'yes'}\nsslcacertfile = ${endpoint.certificate.cert}`;
}

/**
 * imaplib2 3.05 lets two threads race in its STARTTLS: 4 and 13 of 100 connections to Dovecot itself, without a
 * gateway, hung for ever, and 1 in 100 crashed (measured on a quiet and on a busy machine).
 */
const STARTTLS_ATTEMPTS = 3;
const ATTEMPT_MS = 45_000;

async function synchronise(file: string, home: string, attempts: number): Promise<void> {
  const args = ['-o', '-1', '-u', 'basic', '-c', file];
  const limit = attempts > 1 ? { timeoutMs: ATTEMPT_MS } : {};
  try {
    await runOk('offlineimap', args, { env: { HOME: home }, ...limit });
  } catch (error) {
    if (attempts <= 1 || !(error instanceof EndedBySignal)) throw error;
    await synchronise(file, home, attempts - 1);
  }
}

export const offlineimap: Client = {
  name: 'offlineimap',
  protocol: 'imap',
  securities: SECURITIES,
  async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
    const file = join(folder, 'offlineimaprc');
    await writeFile(
      file,
      `[general]
accounts = test
metadata = ${folder}/metadata
maxsyncaccounts = 1

[Account test]
localrepository = local
remoterepository = remote

[Repository local]
type = Maildir
localfolders = ${folder}/mail

[Repository remote]
type = IMAP
remotehost = localhost
remoteport = ${endpoint.port}
remoteuser = ${user}
remotepass = ${PASSWORD}
auth_mechanisms = LOGIN
readonly = True
folderfilter = lambda name: name == 'INBOX'
${tlsWords(endpoint)}
`,
    );
    const attempts = endpoint.security === 'starttls' ? STARTTLS_ATTEMPTS : 1;
    await synchronise(file, folder, attempts);
    return readMaildir(join(folder, 'mail', 'INBOX'));
  },
};
