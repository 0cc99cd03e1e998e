import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, LOOPBACK, makeMaildir, readMaildir } from './client.ts';

function tlsWords(endpoint: Endpoint): string {
  if (endpoint.security === 'clear') {
    return 'tls off';
  }
  const starttls = endpoint.security === 'starttls' ? 'on' : 'off';
  return `tls on\ntls_starttls ${starttls}\ntls_trust_file ${endpoint.certificate.cert}`;
}

/** mpop: pipelines RETR when the server offers PIPELINING. */
export const mpop: Client = {
  name: 'mpop',
  protocol: 'pop3',
  securities: SECURITIES,
  async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
    const maildir = await makeMaildir(folder);
    const file = join(folder, 'mpoprc');
    await writeFile(
      file,
      `account default
host ${LOOPBACK}
port ${endpoint.port}
user ${user}
password ${PASSWORD}
auth user
${tlsWords(endpoint)}
delivery maildir ${maildir}
received_header off
keep on
only_new off
uidls_file ${folder}/uidls
`,
    );
    await chmod(file, 0o600);
    await runOk('mpop', [`--file=${file}`], { env: { HOME: folder } });
    return readMaildir(maildir);
  },
};
