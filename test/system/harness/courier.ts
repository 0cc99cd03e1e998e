import { chmod, copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Certificate, selfSigned } from './certificate.ts';
import { CourierAccounts } from './courier-accounts.ts';
import type { MailPorts, MailServer } from './mail-server.ts';
import { createMaildir, deliverInto } from './maildir.ts';
import { Daemon } from './program.ts';
import { Cleanup, removeFolder, scratchFolder } from './scratch.ts';
import { unprivilegedUser } from './unprivileged-user.ts';
import { freePorts } from './free-ports.ts';
import { eventually, isListening } from './wait.ts';

const START_TIMEOUT_MS = 20_000;
/** Where tools/install-system-packages.sh unpacks the programs that may not be installed beside Dovecot. */
const IMAP_ROOT = '/opt/postern-test-servers/courier-imap/usr';
const POP3_ROOT = '/opt/postern-test-servers/courier-pop/usr';
const IMAP = [`${IMAP_ROOT}/lib/courier/courier/imaplogin`, `${IMAP_ROOT}/bin/imapd`, 'Maildir'];
const POP3 = [
  `${POP3_ROOT}/lib/courier/courier/courierpop3login`,
  `${POP3_ROOT}/lib/courier/courier/courierpop3d`,
  'Maildir',
];
const CAPABILITY =
  'IMAP4rev1 UIDPLUS CHILDREN NAMESPACE THREAD=ORDEREDSUBJECT THREAD=REFERENCES SORT QUOTA IDLE';

function environment(pem: string, implicitTls: boolean): Record<string, string> {
  return {
    COURIERTLS: '/usr/bin/couriertls',
    TLS_CERTFILE: pem,
    TLS_VERIFYPEER: 'NONE',
    IMAP_CAPABILITY: CAPABILITY,
    IMAP_CAPABILITY_TLS: `${CAPABILITY} AUTH=PLAIN`,
    IMAP_KEYWORDS: '1',
    IMAP_IDLE_TIMEOUT: '1',
    IMAP_STARTTLS: implicitTls ? 'NO' : 'YES',
    IMAP_TLS_REQUIRED: '0',
    POP3_STARTTLS: implicitTls ? 'NO' : 'YES',
    POP3_TLS_REQUIRED: '0',
    ...(implicitTls ? { IMAP_TLS: '1', POP3_TLS: '1' } : {}),
  };
}

function listen(port: number, service: readonly string[], pem: string, implicitTls: boolean): Daemon {
  const tls = implicitTls ? ['/usr/bin/couriertls', '-server', '-tcpd'] : [];
  const limits = ['-address=127.0.0.1', '-maxprocs=60', '-maxperip=60', '-nodnslookup', '-noidentlookup'];
  return new Daemon('couriertcpd', [...limits, String(port), ...tls, ...service], {
    env: environment(pem, implicitTls),
  });
}

/** A Courier of its own in a temporary folder, on high ports of 127.0.0.1. Only one at a time on a machine. */
export class Courier implements MailServer {
  readonly ports: MailPorts;
  readonly certificate: Certificate;
  readonly #homes: string;
  readonly #cleanup: Cleanup;
  #delivered = 0;

  private constructor(homes: string, ports: MailPorts, certificate: Certificate, cleanup: Cleanup) {
    this.#homes = homes;
    this.ports = ports;
    this.certificate = certificate;
    this.#cleanup = cleanup;
  }

  static async start(): Promise<Courier> {
    const cleanup = new Cleanup();
    const folder = await scratchFolder('courier');
    cleanup.add(() => removeFolder(folder));
    try {
      const certificate = await selfSigned(folder);
      const pem = join(folder, 'both.pem');
      await copyFile(certificate.cert, pem);
      await writeFile(pem, await readFile(certificate.key), { flag: 'a' });
      await chmod(pem, 0o644);
      const [imap = 0, imaps = 0, pop3 = 0, pop3s = 0] = await freePorts(4);
      const ports = { imap, imaps, pop3, pop3s };
      const owner = await unprivilegedUser();
      cleanup.owns(await CourierAccounts.start({ ...owner, homes: folder }));
      const daemons = [
        listen(imap, IMAP, pem, false),
        listen(imaps, IMAP, pem, true),
        listen(pop3, POP3, pem, false),
        listen(pop3s, POP3, pem, true),
      ].map((daemon) => cleanup.owns(daemon));
      await ready(Object.values(ports), daemons);
      return new Courier(folder, ports, certificate, cleanup);
    } catch (error) {
      await cleanup.run();
      throw error;
    }
  }

  async deliverAll(user: string, messages: readonly { readonly bytes: Uint8Array }[]): Promise<void> {
    const owner = await unprivilegedUser();
    const home = join(this.#homes, user);
    await createMaildir(home, owner);
    for (const { bytes } of messages) {
      this.#delivered += 1;
      await deliverInto(home, owner, this.#delivered, withBareLf(bytes));
    }
  }

  stop(): Promise<void> {
    return this.#cleanup.run();
  }
}

/** Courier keeps mail with LF and sends it with CRLF. */
function withBareLf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}

async function ready(ports: readonly number[], daemons: readonly Daemon[]): Promise<void> {
  for (const [index, port] of ports.entries()) {
    await eventually(
      `Courier on port ${port}`,
      START_TIMEOUT_MS,
      () => {
        daemons[index]?.assertRunning();
        return isListening(port);
      },
      () => daemons[index]?.output ?? '',
    );
  }
}
