export const MAIL_PROTOCOLS = ['imap', 'imaps', 'pop3', 'pop3s'] as const;
export type MailProtocol = (typeof MAIL_PROTOCOLS)[number];

/** What one connection has cost so far, in bytes above TLS. */
export interface ConnectionTraffic {
  readonly protocol: MailProtocol;
  /** Login name; empty before login. */
  user: string;
  bytesSent: number;
  bytesReceived: number;
  /** How often each command was received, by upper-case name (`FETCH`, `UID FETCH`, `RETR`). */
  readonly commands: Map<string, number>;
  isOpen: boolean;
}

/** Older connections are forgotten, so that a load test of hours does not fill the memory. */
const MAX_REMEMBERED = 10_000;

/** What a server has sent and received: tests measure upstream traffic with it. */
export class Traffic {
  /** Connections accepted since the start. */
  connectionsTotal = 0;
  bytesSent = 0;
  bytesReceived = 0;
  readonly #connections: ConnectionTraffic[] = [];

  /** Oldest first, at most the last 10,000. */
  get connections(): readonly ConnectionTraffic[] {
    return this.#connections;
  }
  open(protocol: MailProtocol): ConnectionTraffic {
    const commands = new Map<string, number>();
    const entry = { protocol, user: '', bytesSent: 0, bytesReceived: 0, commands, isOpen: true };
    this.connectionsTotal += 1;
    this.#connections.push(entry);
    if (this.#connections.length > MAX_REMEMBERED) {
      this.#connections.splice(0, MAX_REMEMBERED / 2);
    }
    return entry;
  }
  sent(entry: ConnectionTraffic, bytes: number): void {
    entry.bytesSent += bytes;
    this.bytesSent += bytes;
  }
  received(entry: ConnectionTraffic, bytes: number): void {
    entry.bytesReceived += bytes;
    this.bytesReceived += bytes;
  }
}

/** Message content that is about to be sent. */
export interface ContentEvent {
  readonly protocol: MailProtocol;
  readonly user: string;
  readonly uid: number;
  /** Octets of the response, framing included. */
  readonly bytes: number;
}

/** A misbehaviour for one content response. */
export interface Fault {
  /** Wait before the response starts. */
  readonly delayMs?: number;
  /** Close the connection after that many octets of the message (inside its literal or multi-line body). */
  readonly cutAfterBytes?: number;
}

/** Asked before every response with content; undefined: behave. */
export type FaultHook = (event: ContentEvent) => Fault | undefined;
