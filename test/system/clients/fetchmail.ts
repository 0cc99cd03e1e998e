import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, readMessages } from './client.ts';

const TLS_WORDS = {
  clear: "sslproto ''",
  starttls: "sslproto 'TLS1.2+' sslcertck",
  tls: 'ssl sslcertck',
} as const;

async function configure(
  protocol: 'imap' | 'pop3',
  endpoint: Endpoint,
  user: string,
  folder: string,
): Promise<string> {
  const inbox = join(folder, 'inbox');
  await mkdir(inbox);
  const store = join(folder, 'store.sh');
  await writeFile(store, `#!/bin/sh\nexec cat > "$(mktemp ${inbox}/message.XXXXXX)"\n`);
  await chmod(store, 0o755);
  const file = join(folder, 'fetchmailrc');
  await writeFile(
    file,
    `set invisible
set no bouncemail
poll localhost port ${endpoint.port} protocol ${protocol} auth password
  user '${user}' password '${PASSWORD}'
  ${TLS_WORDS[endpoint.security]} sslcertfile '${endpoint.certificate.cert}'
  fetchall keep no rewrite pass8bits no mimedecode no dropdelivered
  mda '${store}'
`,
  );
  await chmod(file, 0o600); // fetchmail refuses a file that others may read
  return file;
}

/** fetchmail: sequence numbers, header and text of a message as two commands. */
function fetchmail(protocol: 'imap' | 'pop3'): Client {
  return {
    name: `fetchmail (${protocol})`,
    protocol,
    securities: SECURITIES,
    async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
      const file = await configure(protocol, endpoint, user, folder);
      await runOk('fetchmail', ['-f', file, '--nosyslog', '-v', '--pidfile', join(folder, 'pid')], {
        env: { HOME: folder, FETCHMAILHOME: folder },
      });
      return readMessages(join(folder, 'inbox'));
    },
  };
}

export const fetchmailImap = fetchmail('imap');
export const fetchmailPop3 = fetchmail('pop3');
