import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Endpoint, PASSWORD, SECURITIES } from '../harness/mail-server.ts';
import { runOk } from '../harness/program.ts';
import { type Client, type Download, LOOPBACK, makeMaildir, readMaildir } from './client.ts';

function settings(program: string, endpoint: Endpoint, user: string, folder: string): string {
  const tls = endpoint.security === 'starttls' ? 'yes' : 'no';
  return `set imap_user="${user}"
set imap_pass="${PASSWORD}"
set imap_authenticators="login"
set ssl_starttls=${tls}
set ssl_force_tls=${endpoint.security === 'clear' ? 'no' : 'yes'}
set ssl_verify_host=no
set certificate_file="${endpoint.certificate.cert}"
set mbox_type=Maildir
set folder="${folder}"
set header_cache=""
set message_cachedir=""
set confirmappend=no
set confirmcreate=no
set copy=no
set move=no
set quit=yes
set delete=no
set wait_key=no
set imap_check_subscribed=no
set sleep_time=0
${program === 'neomutt' ? 'set imap_deflate=yes\nset virtual_spool_file=no' : 'set imap_deflate=yes'}
push "<tag-pattern>~A<enter><tag-prefix-cond><copy-message><kill-line>${folder}/Maildir<enter><end-cond><exit><enter>"
`;
}

/** Drives the screen program through a terminal of its own: tag all, copy all into a maildir, leave. */
function screenClient(program: 'mutt' | 'neomutt'): Client {
  return {
    name: program,
    protocol: 'imap',
    securities: SECURITIES,
    async download(endpoint: Endpoint, user: string, folder: string): Promise<Download> {
      const maildir = await makeMaildir(folder);
      const file = join(folder, 'muttrc');
      await writeFile(file, settings(program, endpoint, user, folder));
      const scheme = endpoint.security === 'tls' ? 'imaps' : 'imap';
      const box = `${scheme}://${LOOPBACK}:${endpoint.port}/INBOX`;
      const command = `${program} -n -F ${file} -f ${box}`;
      await runOk('script', ['-qec', command, join(folder, 'screen')], { env: { HOME: folder } });
      return readMaildir(maildir);
    },
  };
}

export const mutt = screenClient('mutt');
export const neomutt = screenClient('neomutt');
