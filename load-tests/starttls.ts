/**
 * Load over STARTTLS and STLS, which k6 cannot do: `node load-tests/starttls.ts`, with the environment of the k6
 * scenarios (HOST, IMAP_PORT, POP3_PORT, PASSWORD, MESSAGES, VUS, SECONDS). Ends with 1 when a threshold is crossed.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import thresholds from './thresholds.json' with { type: 'json' };

const LF = 10;
const setting = (name: string, standard: string | number) => process.env[name] ?? String(standard);
const HOST = setting('HOST', '127.0.0.1');
const PASSWORD = setting('PASSWORD', 'demo');
const MESSAGES = Number(setting('MESSAGES', 10));
const CLIENTS = Number(setting('VUS', 20));
const SECONDS = Number(setting('SECONDS', 60));
const USERS = Number(setting('USERS', 20));

/** Lines of one connection, before and after it turns to TLS; content is skipped, not kept. */
class Lines {
  #socket: Socket;
  #carry = '';
  #skip = 0;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #end: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  send(line: string): void {
    this.#socket.write(`${line}\r\n`);
  }

  async next(): Promise<string> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) {
        return line;
      }
      if (this.#end !== undefined) {
        throw this.#end;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async secure(): Promise<void> {
    if (this.#lines.length > 0 || this.#carry !== '') {
      throw new Error('bytes before the handshake');
    }
    this.#socket.removeAllListeners();
    const secure = connectTls({ socket: this.#socket, servername: 'localhost', rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    this.#socket = secure;
    this.#listen();
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.setNoDelay(true);
    this.#socket.on('data', (bytes: Buffer) => this.#received(bytes));
    this.#socket.on('error', (error) => this.#ended(error));
    this.#socket.on('close', () => this.#ended(new Error('the connection was closed')));
  }

  #ended(error: Error): void {
    this.#end ??= error;
    this.#wake();
  }

  #received(bytes: Buffer): void {
    let position = 0;
    while (position < bytes.length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, bytes.length - position);
        this.#skip -= step;
        position += step;
        continue;
      }
      const end = bytes.indexOf(LF, position);
      if (end === -1) {
        this.#carry += bytes.toString('latin1', position);
        break;
      }
      const line = (this.#carry + bytes.toString('latin1', position, end)).replace(/\r$/u, '');
      this.#carry = '';
      position = end + 1;
      this.#skip = Number(/ \{(\d+)\}$/u.exec(line)?.[1] ?? 0);
      this.#lines.push(line);
    }
    this.#wake();
  }
}

interface Measured {
  readonly loginMs: number[];
  readonly fetchMs: number[];
  sessions: number;
  failed: number;
}

async function imapAnswer(lines: Lines, tag: string): Promise<void> {
  for (;;) {
    const line = await lines.next();
    if (line.startsWith(`${tag} `)) {
      if (!line.startsWith(`${tag} OK`)) {
        throw new Error(line);
      }
      return;
    }
  }
}

async function popAnswer(lines: Lines, hasBody: boolean): Promise<void> {
  const first = await lines.next();
  if (!first.startsWith('+OK')) {
    throw new Error(first);
  }
  let line = hasBody ? '' : '.';
  while (line !== '.') {
    line = await lines.next();
  }
}

/** The words that differ between the two protocols. */
interface Protocol {
  readonly port: number;
  readonly greeting: (lines: Lines) => Promise<void>;
  readonly ask: (lines: Lines, command: string, hasBody?: boolean) => Promise<void>;
  readonly startTls: string;
  readonly logIn: (user: string) => readonly string[];
  readonly fetch: (number: number) => string;
  readonly quit: string;
}

const PROTOCOLS: readonly Protocol[] = [
  {
    port: Number(setting('IMAP_PORT', 143)),
    greeting: (lines) => imapAnswer(lines, '*'),
    ask: (lines, command) => {
      lines.send(`s ${command}`);
      return imapAnswer(lines, 's');
    },
    startTls: 'STARTTLS',
    logIn: (user) => [`LOGIN ${user} ${PASSWORD}`, 'SELECT INBOX'],
    fetch: (number) => `FETCH ${number} BODY.PEEK[]`,
    quit: 'LOGOUT',
  },
  {
    port: Number(setting('POP3_PORT', 110)),
    greeting: (lines) => popAnswer(lines, false),
    ask: (lines, command, hasBody = false) => {
      lines.send(command);
      return popAnswer(lines, hasBody);
    },
    startTls: 'STLS',
    logIn: (user) => [`USER ${user}`, `PASS ${PASSWORD}`],
    fetch: (number) => `RETR ${number}`,
    quit: 'QUIT',
  },
];

async function session(protocol: Protocol, user: string, measured: Measured): Promise<void> {
  const start = performance.now();
  const lines = new Lines(connect(protocol.port, HOST));
  try {
    await protocol.greeting(lines);
    await protocol.ask(lines, protocol.startTls);
    await lines.secure();
    for (const command of protocol.logIn(user)) {
      await protocol.ask(lines, command);
    }
    measured.loginMs.push(performance.now() - start);
    for (let number = 1; number <= MESSAGES; number += 1) {
      const asked = performance.now();
      await protocol.ask(lines, protocol.fetch(number), true);
      measured.fetchMs.push(performance.now() - asked);
    }
    await protocol.ask(lines, protocol.quit);
  } catch (error) {
    measured.failed += 1;
    console.error(`${protocol.startTls}: ${String(error)}`);
  } finally {
    measured.sessions += 1;
    lines.close();
  }
}

async function client(index: number, end: number, measured: Measured): Promise<void> {
  for (let round = 0; performance.now() < end; round += 1) {
    const protocol = PROTOCOLS[(index + round) % PROTOCOLS.length];
    if (protocol !== undefined) {
      await session(protocol, `u${1 + (index % USERS)}`, measured);
    }
  }
}

function p95(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length * 0.95)] ?? Infinity;
}

const measured: Measured = { loginMs: [], fetchMs: [], sessions: 0, failed: 0 };
const end = performance.now() + SECONDS * 1000;
await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index, end, measured)));
const results = [
  { name: 'login p95', value: p95(measured.loginMs), limit: thresholds.loginP95Ms.value, unit: 'ms' },
  { name: 'fetch p95', value: p95(measured.fetchMs), limit: thresholds.fetchP95Ms.value, unit: 'ms' },
  {
    name: 'failed',
    value: measured.failed / measured.sessions,
    limit: thresholds.failedShare.value,
    unit: '',
  },
];
console.log(`${measured.sessions} sessions, ${measured.fetchMs.length} messages`);
for (const { name, value, limit, unit } of results) {
  console.log(`${value <= limit ? '✓' : '✗'} ${name} ${value.toFixed(3)} ${unit} (at most ${limit})`);
}
process.exitCode = results.every(({ value, limit }) => value <= limit) ? 0 : 1;
