/**
 * `node bench/memory-proof.ts [--clients N] [--megabytes N] [--scan-ms N] [--rounds N] [--workers N] [--budget-mb N]`
 *
 * Every client fetches a message of its own while each scan takes `scan-ms`, through the gateway as a user starts it.
 * Shows the memory of the gateway at rest, at its highest and at rest again, and fails when a message does not arrive
 * byte for byte, when memory was above its bound, or when anything stays behind.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Gateway } from '../test/system/harness/gateway.ts';

const MB = 1_000_000;
/** How often memory is looked at. */
const SAMPLE_MS = 100;
/** Longer than the collections that follow a burst. Memory that waits to be used again stays, up to the budget. */
const REST_MS = 45_000;
/** What a session may have beside held bytes: what it reads and writes at a time, socket buffers of the process. */
const SESSION_BYTES = MB;
/** What a scan thread may have of a message: its bytes, and what is decoded of it or not collected yet. */
const THREAD_MESSAGES = 2;
/** What a thread keeps beside: its young generation, compiled code, free ends of its heap. */
const THREAD_BYTES = 24 * MB;
/** Connections of the one who measures. */
const OWN_FILES = 8;

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    megabytes: { type: 'string', default: '20' },
    'scan-ms': { type: 'string', default: '5000' },
    rounds: { type: 'string', default: '2' },
    workers: { type: 'string', default: '24' },
    'budget-mb': { type: 'string', default: '256' },
    'spool-mb': { type: 'string', default: '2000' },
  },
});
const clients = Number(values.clients);
const messageBytes = Number(values.megabytes) * MB;
const workers = Number(values.workers);
const budgetBytes = Number(values['budget-mb']) * MB;

const LINE = `${'postern '.repeat(9)}\r\n`;
const body = Buffer.from(
  LINE.repeat(Math.ceil(messageBytes / LINE.length)).slice(0, messageBytes - 2) + '\r\n',
  'latin1',
);

/** Another one for each user and round, so that no verdict is known. */
function headerOf(user: string): Buffer {
  return Buffer.from(`Subject: for ${user}\r\nX-Postern-Fault: delay=${values['scan-ms']}\r\n\r\n`, 'latin1');
}

/** As much IMAP as one fetch needs. */
function answer(socket: Socket, line: string, session: { user: string }): void {
  const [tag = '', verb = '', ...rest] = line.split(' ');
  if (verb === 'LOGIN') session.user = rest[0] ?? '';
  if (verb === 'FETCH') {
    const header = headerOf(session.user);
    socket.write(`* 1 FETCH (UID 1 BODY[] {${header.length + body.length}}\r\n`);
    socket.write(header);
    socket.write(body);
    socket.write(')\r\n');
  }
  if (verb === 'SELECT') socket.write('* 1 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n');
  if (verb === 'LOGOUT') socket.write('* BYE\r\n');
  socket.write(`${tag} OK${verb === 'LOGIN' ? ' [CAPABILITY IMAP4rev1]' : ''} done\r\n`);
}

async function mailServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    const session = { user: '' };
    let text = '';
    socket.on('error', () => undefined);
    socket.write('* OK [CAPABILITY IMAP4rev1] ready\r\n');
    socket.on('data', (chunk) => {
      const lines = (text + chunk.toString('latin1')).split('\r\n');
      text = lines.pop() ?? '';
      lines.forEach((line) => answer(socket, line, session));
    });
  });
  await new Promise<void>((resolve) =>
    server.listen({ host: '127.0.0.1', port: 0, backlog: 1_000 }, resolve),
  );
  const bound = server.address();
  return { server, port: typeof bound === 'object' && bound !== null ? bound.port : 0 };
}

/** One client: what came, and what went wrong. */
class Reader {
  readonly #socket: Socket;
  readonly #hash = createHash('sha256');
  readonly #answers = ['* OK', 'a OK', 'b OK'];
  readonly #commands: string[];
  #head = '';
  #left = -1;

  constructor(imap: number, user: string) {
    this.#commands = [`a LOGIN ${user} x\r\n`, 'b SELECT INBOX\r\n', 'c FETCH 1 BODY.PEEK[]\r\n'];
    this.#socket = connect({ host: '127.0.0.1', port: imap });
  }

  /** SHA-256 of the message; something else when it did not come whole. */
  async read(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#socket.on('error', (error) => resolve(error.message));
    this.#socket.on('close', () =>
      resolve(`closed after ${this.#head.slice(0, 120)}, ${this.#left} missing`),
    );
    this.#socket.on('data', (chunk: Buffer) => {
      const content = this.#left < 0 ? this.#talk(chunk) : chunk;
      if (content === undefined) return;
      const part = content.subarray(0, this.#left);
      this.#hash.update(part);
      this.#left -= part.length;
      if (this.#left === 0) resolve(this.#hash.digest('hex'));
    });
    return await promise.finally(() => this.#socket.destroy());
  }

  /** The first bytes of the message once they come. */
  #talk(chunk: Buffer): Buffer | undefined {
    this.#head += chunk.toString('latin1');
    if (this.#answers[0] !== undefined && this.#head.includes(this.#answers[0])) {
      this.#head = '';
      this.#answers.shift();
      this.#socket.write(this.#commands.shift() ?? '');
    }
    const literal = /BODY\[\] \{(\d+)\}\r\n/u.exec(this.#head);
    if (literal === null) return undefined;
    this.#left = Number(literal[1]);
    return Buffer.from(this.#head.slice(literal.index + literal[0].length), 'latin1');
  }
}

/** What went wrong; undefined: the message came as it is. */
async function fetched(imap: number, user: string): Promise<string | undefined> {
  const expected = createHash('sha256').update(headerOf(user)).update(body).digest('hex');
  const came = await new Reader(imap, user).read();
  return came === expected ? undefined : came;
}

function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB/mu.exec(text)?.[1] ?? 0) * 1024;
}

const openFiles = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const inMb = (bytes: number): string => `${Math.round(bytes / MB)} MB`;

/** Highest memory while `work` runs. */
async function highest(pid: number, work: Promise<unknown>): Promise<number> {
  let most = 0;
  let isOver = false;
  const done = work.finally(() => (isOver = true));
  const look = (): void => {
    most = Math.max(most, residentBytes(pid));
    if (!isOver) setTimeout(look, SAMPLE_MS);
  };
  look();
  await done;
  return most;
}

const { server, port } = await mailServer();
const gateway = await Gateway.start(
  { ports: { imap: port, imaps: port, pop3: port, pop3s: port }, certificate: { cert: '', key: '' } },
  {
    upstreamTls: { mode: 'off' },
    scan: { workers, timeoutMs: 120_000, deadlineMs: 600_000 },
    limits: {
      maxConnectionsPerAddress: clients,
      maxSpoolMemoryBytes: budgetBytes,
      maxSpoolBytes: Number(values['spool-mb']) * MB,
      keepAliveMs: 5_000,
    },
    env: { POSTERN_SCAN_FAULTS: '1' },
  },
);
const problems: string[] = [];
const note = (problem: string): void => {
  problems.push(problem);
  console.log(`  ✖ ${problem}`);
};
try {
  const { pid } = gateway;
  await delay(2_000);
  console.log(
    `${clients} clients, ${values.megabytes} MB each, scans of ${values['scan-ms']} ms in ${workers} threads`,
  );
  const base = residentBytes(pid);
  const files = openFiles(pid);
  const ofThreads = workers * (THREAD_MESSAGES * messageBytes + THREAD_BYTES);
  const bound = base + budgetBytes + clients * SESSION_BYTES + ofThreads;
  console.log(`base ${inMb(base)}: before the first message, all threads started`);
  console.log(
    `bound ${inMb(bound)}: base, budget (${inMb(budgetBytes)}), ${inMb(SESSION_BYTES)} for each client,`,
  );
  console.log(`  ${THREAD_MESSAGES} messages and ${inMb(THREAD_BYTES)} for each thread (${inMb(ofThreads)})`);
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const startedAt = performance.now();
    const users = Array.from({ length: clients }, (_, index) => `user${index}-${round}`);
    const results = Promise.all(users.map(async (user) => await fetched(gateway.ports.imap, user)));
    const most = await highest(pid, results);
    const failed = (await results).filter((problem) => problem !== undefined);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    const pauses = await gateway.metric('postern_flow_pauses_total');
    console.log(
      `round ${round}: highest ${inMb(most)} in ${seconds} s, ${failed.length} failed, ${pauses} pauses so far`,
    );
    if (failed.length > 0) note(`${failed.length} clients: ${failed[0]}`);
    if (most > bound) note(`${inMb(most)} are above ${inMb(bound)}`);
  }
  await delay(REST_MS);
  const rest = residentBytes(pid);
  console.log(`at rest again ${inMb(rest)}, ${openFiles(pid)} open files (${files} before)`);
  const restBound = base + budgetBytes + workers * THREAD_BYTES;
  if (rest > restBound) note(`at rest ${inMb(rest)} are above ${inMb(restBound)}`);
  for (const name of ['postern_spool_bytes', 'postern_flow_granted_bytes', 'postern_flow_deferred_total']) {
    const value = await gateway.metric(name);
    if (value !== 0) note(`${name} is ${value}`);
  }
  if (openFiles(pid) > files + OWN_FILES) note('files stay open');
} finally {
  await gateway.stop();
  server.close();
}
process.exitCode = problems.length === 0 ? 0 : 1;
