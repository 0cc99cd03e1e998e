import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, selfSigned } from './certificate.ts';
import { ImapReader } from './imap-reader.ts';
import { type MailPorts, type MailServer, PASSWORD } from './mail-server.ts';
import { Daemon, runOk } from './program.ts';
import { removeFolder, scratchFolder } from './scratch.ts';
import { freePorts } from './free-ports.ts';
import { eventually, isListening } from './wait.ts';

const START_TIMEOUT_MS = 30_000;
/** Where tools/install-system-packages.sh unpacks the programs that may not be installed beside Dovecot. */
const IMAPD = '/opt/postern-test-servers/cyrus-imapd/usr/lib/cyrus/bin/imapd';
const POP3D = '/opt/postern-test-servers/cyrus-pop3d/usr/lib/cyrus/bin/pop3d';

function settings(folder: string, certificate: Certificate): string {
  return `configdirectory: ${folder}/config
partition-default: ${folder}/spool
defaultpartition: default
proc_path: ${folder}/proc
mboxname_lockpath: ${folder}/lock
idlesocket: ${folder}/config/socket/idle
unixhierarchysep: yes
admins: cyrus
autocreate_quota: 0
popminpoll: 0
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: ${folder}/sasldb
servername: localhost
defaultdomain: localhost
virtdomains: off
syslog_prefix: postern-test
tls_server_cert: ${certificate.cert}
tls_server_key: ${certificate.key}
`;
}

function services(folder: string, ports: MailPorts): string {
  const service = (name: string, program: string, port: number) =>
    `  ${name} cmd="${program} -C ${folder}/imapd.conf" listen="127.0.0.1:${port}" prefork=0`;
  return `START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C ${folder}/imapd.conf -r"
}
SERVICES {
${service('imap', IMAPD, ports.imap)}
${service('imaps', `${IMAPD} -s`, ports.imaps)}
${service('pop3', POP3D, ports.pop3)}
${service('pop3s', `${POP3D} -s`, ports.pop3s)}
}
EVENTS {
}
`;
}

/** A Cyrus of its own in a temporary folder, on high ports of 127.0.0.1. */
export class Cyrus implements MailServer {
  readonly ports: MailPorts;
  readonly certificate: Certificate;
  readonly #folder: string;
  readonly #daemon: Daemon;

  private constructor(folder: string, ports: MailPorts, certificate: Certificate) {
    this.ports = ports;
    this.certificate = certificate;
    this.#folder = folder;
    this.#daemon = new Daemon('cyrmaster', [
      '-C',
      join(folder, 'imapd.conf'),
      '-M',
      join(folder, 'cyrus.conf'),
      '-p',
      join(folder, 'pid'),
    ]);
  }

  static async start(users: readonly string[]): Promise<Cyrus> {
    const folder = await scratchFolder('cyrus');
    const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
    const ports = { imap, imaps, pop3, pop3s };
    const certificate = await selfSigned(folder);
    await writeFile(join(folder, 'imapd.conf'), settings(folder, certificate));
    await writeFile(join(folder, 'cyrus.conf'), services(folder, ports));
    for (const name of ['config/socket', 'config/db', 'spool', 'proc', 'lock']) {
      await mkdir(join(folder, name), { recursive: true });
    }
    for (const user of users) {
      const args = ['-p', '-c', '-f', join(folder, 'sasldb'), '-u', 'localhost', user];
      await runOk('saslpasswd2', args, { input: PASSWORD });
    }
    await runOk('chown', ['-R', 'cyrus:mail', folder]);
    const cyrus = new Cyrus(folder, ports, certificate);
    await cyrus.#ready();
    return cyrus;
  }

  async #ready(): Promise<void> {
    for (const port of Object.values(this.ports)) {
      await eventually(
        `Cyrus on port ${port}`,
        START_TIMEOUT_MS,
        () => {
          this.#daemon.assertRunning();
          return isListening(port);
        },
        () => this.#daemon.output,
      );
    }
  }

  /** Uploads messages directly, in the order of their UIDs. */
  async deliverAll(user: string, messages: readonly { readonly bytes: Uint8Array }[]): Promise<void> {
    const reader = await ImapReader.connect({
      port: this.ports.imap,
      security: 'clear',
      certificate: this.certificate,
    });
    await reader.ok(`LOGIN ${user} ${PASSWORD}`);
    for (const { bytes } of messages) {
      const result = await reader.append(bytes);
      if (!result.tagged.startsWith('OK')) {
        throw new Error(`APPEND: ${result.tagged}`);
      }
    }
    await reader.logout();
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    await removeFolder(this.#folder);
  }
}
