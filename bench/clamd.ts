import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PinnedProgram } from './pinned-program.ts';

const START_TIMEOUT_MS = 60_000;

/** clamd with one file of YARA rules and nothing else; `mailOnly` switches every decoder but the one of mail off. */
export class Clamd {
  readonly #program: PinnedProgram;
  readonly #socket: string;

  constructor(folder: string, rules: string, mailOnly: boolean) {
    const database = join(folder, 'database');
    mkdirSync(database, { recursive: true, mode: 0o755 });
    writeFileSync(join(database, 'bench.yar'), rules);
    this.#socket = join(folder, 'socket');
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
      'MaxThreads 1',
      'StreamMaxLength 64M',
      'MaxFileSize 64M',
      'MaxScanSize 400M',
      'SelfCheck 0',
      ...(mailOnly ? decoders.map((decoder) => `Scan${decoder} no`) : []),
    ];
    const file = join(folder, 'clamd.conf');
    writeFileSync(file, `${config.join('\n')}\n`);
    this.#program = new PinnedProgram(['clamd', '-F', '-c', file]);
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

  /** One INSTREAM session; throws for every answer but OK, because the corpus is clean. */
  async scan(bytes: Buffer): Promise<void> {
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
    const text = Buffer.concat(answer).toString('latin1');
    if (!text.startsWith('stream: OK')) {
      throw new Error(`clamd said ${text}`);
    }
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}
