import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, LOOPBACK, makeMaildir, readMaildir } from './client.ts';

const SCRIPT = join(import.meta.dirname, 'getmail-without-race.py');
const USER = 'nobody';
const DROP = ['--reuid', USER, '--regid', 'nogroup', '--clear-groups'];

function retriever(protocol: 'imap' | 'pop3', endpoint: Endpoint): string {
  const tls = endpoint.security === 'tls';
  const name = `Simple${protocol.toUpperCase()}${tls ? 'SSL' : ''}Retriever`;
  const trust = endpoint.security === 'clear' ? '' : `ca_certs = ${endpoint.certificate.cert}\n`;
  return `type = ${name}\n${trust}`;
}

/** getmail delivers no mail as root, so it runs as somebody else. It knows neither STARTTLS nor STLS. */
function getmail(protocol: 'imap' | 'pop3'): Client {
  return {
    name: `getmail (${protocol})`,
    protocol,
    securities: ['clear', 'tls'],
    async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
      const maildir = await makeMaildir(folder);
      await writeFile(
        join(folder, 'getmailrc'),
        `[retriever]
${retriever(protocol, endpoint)}server = ${LOOPBACK}
port = ${endpoint.port}
username = ${user}
password = ${PASSWORD}

[destination]
type = Maildir
path = ${maildir}/

[options]
read_all = true
delete = false
delivered_to = false
received = false
verbose = 1
`,
      );
      const script = join(folder, 'getmail.py'); // a copy that the other user may read
      await copyFile(SCRIPT, script);
      await runOk('chown', ['-R', USER, folder]);
      const command = ['/usr/bin/python3', script, '--getmaildir', folder, '--rcfile', 'getmailrc'];
      await runOk('setpriv', [...DROP, ...command], { env: { HOME: folder } });
      return readMaildir(maildir);
    },
  };
}

export const getmailImap = getmail('imap');
export const getmailPop3 = getmail('pop3');
