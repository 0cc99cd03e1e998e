import { createServer } from 'node:net';
import { MAIL_PROTOCOLS, type MailProtocol } from './server/traffic.ts';

export const LOOPBACK = '127.0.0.1';
const WELL_KNOWN = { imap: 143, imaps: 993, pop3: 110, pop3s: 995 } as const;
const WELL_KNOWN_ADMIN = 80;

export interface GatewayPorts {
  /** 0: any free port. */
  readonly mail: Readonly<Record<MailProtocol, number>>;
  readonly admin: number;
}

const EPHEMERAL: GatewayPorts = { mail: { imap: 0, imaps: 0, pop3: 0, pop3s: 0 }, admin: 0 };

export interface PortChoice {
  readonly ports: GatewayPorts;
  /** What the user should know of the choice; empty when it is as usual. */
  readonly remark: string;
}

export const ANY_PORTS: PortChoice = { ports: EPHEMERAL, remark: '' };

/**
 * Ports that somebody can remember: from the base that was asked for, or else from the usual one if all are
 * free. Rejects when the ports that were asked for are taken.
 */
export async function choosePorts(portBase: number | undefined, usualBase: number): Promise<PortChoice> {
  const ports = portsFrom(portBase ?? usualBase);
  const taken = await takenPorts([...Object.values(ports.mail), ports.admin]);
  if (taken.length === 0) {
    return { ports, remark: '' };
  }
  const list = taken.join(', ');
  if (portBase !== undefined) {
    throw new Error(`cannot listen on port ${list}; choose another --port-base`);
  }
  return { ports: EPHEMERAL, remark: `The usual ports are not free (${list}), so others were taken.` };
}

function portsFrom(base: number): GatewayPorts {
  const mail = { imap: 0, imaps: 0, pop3: 0, pop3s: 0 };
  for (const protocol of MAIL_PROTOCOLS) {
    mail[protocol] = base + WELL_KNOWN[protocol];
  }
  return { mail, admin: base + WELL_KNOWN_ADMIN };
}

async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const free = await Promise.all(ports.map(isFree));
  return ports.filter((_, index) => free[index] !== true);
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, LOOPBACK, () => probe.close(() => resolve(true)));
  });
}
