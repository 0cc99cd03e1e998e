import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ALL_CPUS, PinnedProgram } from './pinned-program.ts';

const START_TIMEOUT_MS = 60_000;

export interface ClamdOptions {
  /** Every decoder but the one of mail is off. */
  readonly mailOnly?: boolean;
  /** What was scanned before is answered from memory, as clamd does unless told otherwise. Default: true. */
  readonly cached?: boolean;
  /** Threads, on any core. Default: one on the core of what is measured. */
  readonly threads?: number;
}

/** clamd with one file of YARA rules and nothing else. */
export class Clamd {
  readonly configFile: string;
  readonly #program: PinnedProgram;
  readonly #socket: string;

  constructor(folder: string, rules: string, options: ClamdOptions = {}) {
    const { mailOnly = false, cached = true, threads = 1 } = options;
    const database = join(folder, 'database');
    mkdirSync(database, { recursive: true, mode: 0o755 });
    writeFileSync(join(database, 'bench.yar'), rules);
    this.#socket = join(folder, 'socket');
    rmSync(this.#socket, { force: true });
    const decoders = [
      'PE',
      'ELF',
      'OLE2',
      'PDF',
      'SWF',
      'XMLDOCS',
      'HWP3',
      'HTML',
      'Archive',
      'OneNote',
      'Image',
    ];
    const config = [
      `DatabaseDirectory ${database}`,
      `LocalSocket ${this.#socket}`,
      'Foreground yes',
      'User root',
      `MaxThreads ${threads}`,
      `DisableCache ${cached ? 'no' : 'yes'}`,
      'StreamMaxLength 64M',
      'MaxFileSize 64M',
      'MaxScanSize 400M',
      'SelfCheck 0',
      ...(mailOnly ? decoders.map((decoder) => `Scan${decoder} no`) : []),
    ];
    this.configFile = join(folder, 'clamd.conf');
    writeFileSync(this.configFile, `${config.join('\n')}\n`);
    const command = ['clamd', '-F', '-c', this.configFile];
    this.#program =
      options.threads === undefined ? new PinnedProgram(command) : new PinnedProgram(command, ALL_CPUS);
  }

  get pid(): number {
    return this.#program.pid;
  }

  async ready(): Promise<void> {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (!existsSync(this.#socket)) {
      if (this.#program.child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`clamd did not start\n${this.#program.output}`);
      }
      await delay(100);
    }
  }

  /** One INSTREAM session: what clamd says. */
  async ask(bytes: Buffer): Promise<string> {
    const socket = connect(this.#socket);
    const answer: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => answer.push(chunk));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    socket.cork();
    socket.write('zINSTREAM\0');
    socket.write(length);
    socket.write(bytes);
    socket.write(Buffer.alloc(4));
    socket.uncork();
    await once(socket, 'close');
    return Buffer.concat(answer).toString('latin1');
  }

  /** Throws for every answer but OK, because the corpus is clean. */
  async scan(bytes: Buffer): Promise<void> {
    const text = await this.ask(bytes);
    if (!text.startsWith('stream: OK')) {
      throw new Error(`clamd said ${text}`);
    }
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
