import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, readMaildir } from './client.ts';

function tlsWords(endpoint: Endpoint): string {
  if (endpoint.security === 'clear') {
    return 'ssl = no\nstarttls = no';
  }
  const implicit = endpoint.security === 'tls';
  return `ssl = ${implicit ? 'yes' : 'no'}\nstarttls = ${implicit ? 'no' : 'yes'}\nsslcacertfile = ${endpoint.certificate.cert}`;
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
    await runOk('offlineimap', ['-o', '-1', '-u', 'basic', '-c', file], { env: { HOME: folder } });
    return readMaildir(join(folder, 'mail', 'INBOX'));
  },
};
