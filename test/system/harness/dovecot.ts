import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, selfSigned } from './certificate.ts';
import { type MailPorts, type MailServer, PASSWORD } from './mail-server.ts';
import { createMaildir, deliverInto } from './maildir.ts';
import { Daemon, run, runOk } from './program.ts';
import { removeFolder, scratchFolder } from './scratch.ts';
import { type SystemUser, unprivilegedUser } from './unprivileged-user.ts';
import { freePorts } from './free-ports.ts';
import { eventually, isListening } from './wait.ts';

const START_TIMEOUT_MS = 20_000;
export interface DovecotOptions {
  /** Login in clear text without TLS. Default: allowed. */
  readonly disablePlaintextAuth?: boolean;
  /** Users log in as `u1@domain`. Default: as `u1`. */
  readonly domain?: string;
  /** Default: free ports of 127.0.0.1 in our own network, with a certificate for localhost. */
  readonly place?: DovecotPlace;
}

/** Somewhere else: in a network that `enter`, a command, leads into. */
export interface DovecotPlace {
  readonly enter: readonly string[];
  readonly address: string;
  readonly ports: MailPorts;
  readonly certificate: Certificate;
}

interface Layout {
  readonly folder: string;
  readonly ports: MailPorts;
  readonly owner: SystemUser;
  readonly certificate: Certificate;
  readonly options: DovecotOptions;
}

function listener(name: string, port: number, tls: boolean): string {
  return `  inet_listener ${name} {
    port = ${port}
    ssl = ${tls ? 'yes' : 'no'}
  }`;
}

function configuration(layout: Layout): string {
  const { folder, ports, owner, certificate } = layout;
  return `
protocols = imap pop3
listen = ${layout.options.place?.address ?? '127.0.0.1'}
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = ${folder}/dovecot.log
instance_name = postern-test
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 200
maildir_very_dirty_syncs = no
disable_plaintext_auth = ${layout.options.disablePlaintextAuth === true ? 'yes' : 'no'}
auth_mechanisms = plain login cram-md5
ssl = yes
ssl_cert = <${certificate.cert}
ssl_key = <${certificate.key}
pop3_uidl_format = %08Xu%08Xv
imap_idle_notify_interval = 2 mins
namespace inbox {
  inbox = yes
  separator = /
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u ${folder}/users
}
userdb {
  driver = passwd-file
  args = username_format=%u ${folder}/users
  default_fields = uid=${owner.uid} gid=${owner.gid}
}
service imap-login {
  process_limit = 200
${listener('imap', ports.imap, false)}
${listener('imaps', ports.imaps, true)}
}
service pop3-login {
  process_limit = 200
${listener('pop3', ports.pop3, false)}
${listener('pop3s', ports.pop3s, true)}
}
service stats {
  client_limit = 2000
}
`;
}

export const USERS = Array.from({ length: 20 }, (_, index) => `u${index + 1}`);

/** A Dovecot of its own in a temporary folder, on high ports of 127.0.0.1, with users u1 to u20. */
export class Dovecot implements MailServer {
  readonly ports: MailPorts;
  readonly certificate: Certificate;
  readonly #layout: Layout;
  readonly #daemon: Daemon;
  #delivered = 0;

  private constructor(layout: Layout, daemon: Daemon) {
    this.ports = layout.ports;
    this.certificate = layout.certificate;
    this.#layout = layout;
    this.#daemon = daemon;
  }

  static async start(options: DovecotOptions = {}): Promise<Dovecot> {
    const folder = await scratchFolder('dovecot');
    const { place } = options;
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
    const layout = {
      folder,
      ports: place?.ports ?? { imap, imaps, pop3, pop3s },
      owner: await unprivilegedUser(),
      certificate: place?.certificate ?? (await selfSigned(folder)),
      options,
    };
    await writeFile(join(folder, 'dovecot.conf'), configuration(layout));
    const at = options.domain === undefined ? '' : `@${options.domain}`;
    const users = USERS.map((user) => `${user}${at}:{PLAIN}${PASSWORD}::::${folder}/mail/${user}::`);
    await writeFile(join(folder, 'users'), `${users.join('\n')}\n`);
    const [program, ...args] = [...(place?.enter ?? []), 'dovecot', '-F', '-c', join(folder, 'dovecot.conf')];
    const daemon = new Daemon(program, args);
    const dovecot = new Dovecot(layout, daemon);
    for (const user of USERS) {
      await createMaildir(dovecot.#home(user), layout.owner);
    }
    await dovecot.#ready();
    return dovecot;
  }

  async #ready(): Promise<void> {
    const { place } = this.#layout.options;
    for (const port of Object.values(this.ports)) {
      await eventually(
        `Dovecot on port ${port}`,
        START_TIMEOUT_MS,
        () => {
          this.#daemon.assertRunning();
          return place === undefined ? isListening(port) : isListeningAt(place, port);
        },
        () => this.#daemon.output,
      );
    }
  }

  #home(user: string): string {
    return join(this.#layout.folder, 'mail', user);
  }

  /** Puts a message into the INBOX exactly as it is; the order of calls is the order of UIDs. */
  async deliver(user: string, bytes: Uint8Array): Promise<void> {
    this.#delivered += 1;
    await deliverInto(this.#home(user), this.#layout.owner, this.#delivered, bytes);
  }

  async deliverAll(user: string, messages: readonly { readonly bytes: Uint8Array }[]): Promise<void> {
    for (const message of messages) {
      await this.deliver(user, message.bytes);
    }
  }

  /** Forgets the user's mail and every index of it. Nobody may be logged in as that user. */
  async empty(user: string): Promise<void> {
    await rm(this.#home(user), { recursive: true, force: true });
    await createMaildir(this.#home(user), this.#layout.owner);
  }

  /** Number of messages that the INBOX holds on disk. */
  async count(user: string): Promise<number> {
    const folders = ['new', 'cur'].map((name) => readdir(join(this.#home(user), 'Maildir', name)));
    return (await Promise.all(folders)).flat().length;
  }

  async doveadm(...args: readonly string[]): Promise<string> {
    const result = await runOk('doveadm', ['-c', join(this.#layout.folder, 'dovecot.conf'), ...args]);
    return result.stdout.toString('utf8');
  }

  /** Flags of every message of the INBOX by UID, without `\Recent`, sorted. */
  async flags(user: string): Promise<string[]> {
    const text = await this.doveadm('-f', 'tab', 'fetch', '-u', user, 'uid flags', 'mailbox', 'INBOX');
    return text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => {
        const [uid = '', flags = ''] = line.split('\t');
        const kept = flags.split(' ').filter((flag) => flag !== '' && flag !== '\\Recent');
        return `${uid} ${kept.sort().join(' ')}`;
      });
  }

  async log(): Promise<string> {
    return readFile(join(this.#layout.folder, 'dovecot.log'), 'utf8');
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    await removeFolder(this.#layout.folder);
  }
}

async function isListeningAt({ enter, address }: DovecotPlace, port: number): Promise<true | undefined> {
  const [program, ...args] = [...enter, 'bash', '-c', `exec 3<>/dev/tcp/${address}/${port}`];
  const { code } = await run(program, args);
  return code === 0 ? true : undefined;
}
