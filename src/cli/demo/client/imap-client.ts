import { WireConnection, WireError, type Endpoint } from './wire-connection.ts';

/** One response line; `{}` stands for each literal, whose bytes follow in order. */
export interface ImapLine {
  readonly text: string;
  readonly literals: readonly Buffer[];
}

export interface ImapReply {
  readonly untagged: readonly ImapLine[];
  readonly status: 'OK' | 'NO' | 'BAD';
  readonly text: string;
}

/** A client that takes bytes as they come: what it returns is what was on the wire. */
export class ImapClient {
  readonly #wire: WireConnection;
  #lastTag = 0;

  private constructor(wire: WireConnection) {
    this.#wire = wire;
  }
  /** Connects, negotiates TLS and logs in. Rejects with `WireError` when that is refused. */
  static async open(endpoint: Endpoint): Promise<ImapClient> {
    const client = new ImapClient(await WireConnection.open(endpoint));
    const greeting = await client.#readLine();
    if (!greeting.text.startsWith('* OK')) {
      throw new WireError(`unexpected greeting: ${greeting.text}`);
    }
    if (endpoint.tls === 'starttls') {
      await client.must('STARTTLS');
      await client.#wire.secure();
    }
    await client.must(`LOGIN ${quote(endpoint.user)} ${quote(endpoint.password)}`);
    return client;
  }
  /** Sends a command and reads up to its tagged completion. */
  async command(text: string): Promise<ImapReply> {
    this.#lastTag += 1;
    const tag = `a${this.#lastTag}`;
    this.#wire.write(`${tag} ${text}\r\n`);
    const untagged: ImapLine[] = [];
    for (;;) {
      const line = await this.#readLine();
      const completion = /^(\S+) (OK|NO|BAD)(?: (.*))?$/s.exec(line.text);
      const status = completion?.[2];
      if (completion?.[1] === tag && (status === 'OK' || status === 'NO' || status === 'BAD')) {
        return { untagged, status, text: completion[3] ?? '' };
      }
      untagged.push(line);
    }
  }
  /** The same, but anything except OK rejects. */
  async must(text: string): Promise<ImapReply> {
    const reply = await this.command(text);
    if (reply.status !== 'OK') {
      throw new WireError(`${text.split(' ', 1)[0]}: ${reply.status} ${reply.text}`);
    }
    return reply;
  }
  /** Sends IDLE and resolves once the server idles. */
  async idle(): Promise<void> {
    this.#wire.write('idle IDLE\r\n');
    const line = await this.#readLine();
    if (!line.text.startsWith('+')) {
      throw new WireError(`IDLE: ${line.text}`);
    }
  }
  /** The next line during IDLE. */
  async nextLine(): Promise<ImapLine> {
    return this.#readLine();
  }
  async logout(): Promise<void> {
    await this.command('LOGOUT');
    this.#wire.close();
  }
  close(): void {
    this.#wire.close();
  }
  async #readLine(): Promise<ImapLine> {
    const literals: Buffer[] = [];
    let text = '';
    for (;;) {
      const piece = (await this.#wire.readLine()).toString('latin1');
      const size = /\{(\d+)\}$/.exec(piece);
      if (size === null) {
        return { text: text + piece, literals };
      }
      literals.push(await this.#wire.readExactly(Number(size[1])));
      text += `${piece.slice(0, size.index)}{}`;
    }
  }
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
