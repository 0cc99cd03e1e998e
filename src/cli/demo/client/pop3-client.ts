import { WireConnection, WireError, type Endpoint } from './wire-connection.ts';

/** A client that takes bytes as they come, with exact dot-unstuffing. */
export class Pop3Client {
  readonly #wire: WireConnection;

  private constructor(wire: WireConnection) {
    this.#wire = wire;
  }
  /** Connects, negotiates TLS and logs in. Rejects with `WireError` when that is refused. */
  static async open(endpoint: Endpoint): Promise<Pop3Client> {
    const client = new Pop3Client(await WireConnection.open(endpoint));
    await client.#status('greeting');
    if (endpoint.tls === 'starttls') {
      await client.command('STLS');
      await client.#wire.secure();
    }
    await client.command(`USER ${endpoint.user}`);
    await client.command(`PASS ${endpoint.password}`);
    return client;
  }
  /** A command with a one-line reply: the text behind `+OK`. Rejects with `WireError` for `-ERR`. */
  async command(text: string): Promise<string> {
    this.#wire.write(`${text}\r\n`);
    return this.#status(text.split(' ', 1)[0] ?? '');
  }
  /** A command with a multi-line reply: its body. */
  async multiLine(text: string): Promise<Buffer> {
    await this.command(text);
    return this.#wire.readMultiLine();
  }
  async quit(): Promise<void> {
    await this.command('QUIT');
    this.#wire.close();
  }
  close(): void {
    this.#wire.close();
  }
  async #status(what: string): Promise<string> {
    const line = (await this.#wire.readLine()).toString('latin1');
    if (!line.startsWith('+OK')) {
      throw new WireError(`${what}: ${line}`);
    }
    return line.slice(4);
  }
}
