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
 * imaplib2 3.05 reads and writes one TLS session from two threads at once after STARTTLS. Of 100 connections to
 * Dovecot itself, without a gateway, 4 to 15 hung for ever, 1 crashed, and 1 ended with an `ssl.SSLError` of the
 * client's own OpenSSL (three measurements, quiet and busy). The other clients' STARTTLS has one attempt.
 */
const STARTTLS_ATTEMPTS = 5;
const ATTEMPT_MS = 30_000;

function isRace(error: unknown): boolean {
  return (
    error instanceof EndedBySignal || (error instanceof Error && error.message.includes("<class 'ssl.SSL"))
  );
}

async function synchronise(file: string, home: string, attempts: number): Promise<void> {
  const args = ['-o', '-1', '-u', 'basic', '-c', file];
  const limit = attempts > 1 ? { timeoutMs: ATTEMPT_MS } : {};
  try {
    await runOk('offlineimap', args, { env: { HOME: home }, ...limit });
  } catch (error) {
    if (attempts <= 1 || !isRace(error)) throw error;
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
