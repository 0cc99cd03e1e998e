import { type Endpoint, PASSWORD } from './mail-server.ts';
import { Wire } from './wire.ts';

const END = Buffer.from('\r\n.\r\n');
const STUFFED = Buffer.from('\r\n..');

/** Undoes the dot-stuffing of a multi-line response (with its leading CRLF, without the terminator). */
function unstuff(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  let from = 0;
  for (let at = body.indexOf(STUFFED); at !== -1; at = body.indexOf(STUFFED, from)) {
    pieces.push(body.subarray(from, at + 3));
    from = at + 4;
  }
  pieces.push(body.subarray(from));
  return Buffer.concat(pieces);
}

/** A POP3 client that understands framing only. */
export class Pop3Reader {
  readonly wire: Wire;
  readonly greeting: string;

  private constructor(wire: Wire, greeting: string) {
    this.wire = wire;
    this.greeting = greeting;
  }

  static async connect(endpoint: Endpoint): Promise<Pop3Reader> {
    const wire = await Wire.open(endpoint);
    const reader = new Pop3Reader(wire, await wire.line());
    if (endpoint.security === 'starttls') {
      await reader.ok('STLS');
      await wire.secure();
    }
    return reader;
  }

  static async login(endpoint: Endpoint, user: string): Promise<Pop3Reader> {
    const reader = await Pop3Reader.connect(endpoint);
    await reader.ok(`USER ${user}`);
    await reader.ok(`PASS ${PASSWORD}`);
    return reader;
  }

  async command(command: string): Promise<string> {
    this.wire.send(`${command}\r\n`);
    return this.wire.line();
  }

  async ok(command: string): Promise<string> {
    const status = await this.command(command);
    if (!status.startsWith('+OK')) {
      throw new Error(`${command.replace(PASSWORD, '…')}: ${status}`);
    }
    return status;
  }

  /** The body of a multi-line response that was announced by its status line, dot-stuffing undone. */
  async body(): Promise<Buffer> {
    // the line end of the status line counts: an empty body is its CRLF and the terminator
    this.wire.unread(Buffer.from('\r\n'));
    const whole = await this.wire.through(END);
    return unstuff(whole.subarray(0, -3)).subarray(2);
  }

  /** A command with a multi-line answer. */
  async multi(command: string): Promise<Buffer> {
    await this.ok(command);
    return this.body();
  }

  retr(number: number): Promise<Buffer> {
    return this.multi(`RETR ${number}`);
  }

  async lines(command: string): Promise<string[]> {
    const text = (await this.multi(command)).toString('latin1');
    return text === '' ? [] : text.trimEnd().split('\r\n');
  }

  async quit(): Promise<void> {
    await this.ok('QUIT');
    this.wire.destroy();
  }
}
