import type { Socket } from 'node:net';
import { type RespAnswer, RespReader } from './resp-reader.ts';

/** Questions that wait for an answer; the breaker bounds what is asked long before. */
export const MAX_WAITING = 1_000;

type Waiting = PromiseWithResolvers<RespAnswer>;

/** One connection to Redis or Valkey. It breaks at the first fault and is not mended. */
export class RespConnection {
  readonly #socket: Socket;
  readonly #reader: RespReader;
  readonly #waiting: Waiting[] = [];
  #reason: Error | undefined;

  /** `maxBytes`: of one answer. The socket is connected. */
  constructor(socket: Socket, maxBytes: number) {
    this.#socket = socket;
    this.#reader = new RespReader(maxBytes);
    socket.on('data', (chunk: Buffer) => this.#hear(chunk));
    socket.on('error', (error) => this.end(error));
    socket.on('close', () => this.end(new Error('the server closed the connection')));
  }

  /** Rejects when the server refuses, or the connection breaks. */
  async ask(...command: readonly (string | Buffer)[]): Promise<RespAnswer> {
    if (this.#reason !== undefined) throw this.#reason;
    if (this.#waiting.length >= MAX_WAITING) throw new Error('too many questions wait for an answer');
    const waiting = Promise.withResolvers<RespAnswer>();
    this.#waiting.push(waiting);
    this.#socket.write(written(command));
    const answer = await waiting.promise;
    if (answer.kind === 'refusal') throw new Error(answer.text);
    return answer;
  }

  /** At once: whoever waits is told why. */
  end(reason: Error): void {
    this.#reason ??= reason;
    this.#socket.destroy();
    for (const { reject } of this.#waiting.splice(0)) {
      reject(this.#reason);
    }
  }

  #hear(chunk: Buffer): void {
    try {
      for (const answer of this.#reader.feed(chunk)) {
        const waiting = this.#waiting.shift();
        if (waiting === undefined) throw new Error('the server answers what nobody asked');
        waiting.resolve(answer);
      }
    } catch (error) {
      this.end(error instanceof Error ? error : new Error('no answer'));
    }
  }
}

/** An array of byte strings, the one form in which every server reads a command. */
function written(command: readonly (string | Buffer)[]): Buffer {
  const parts = command.flatMap((argument) => {
    const bytes = Buffer.from(argument);
    return [Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n')];
  });
  return Buffer.concat([Buffer.from(`*${command.length}\r\n`), ...parts]);
}
