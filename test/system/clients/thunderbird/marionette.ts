import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { eventually, within } from '../../harness/wait.ts';

const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 60_000;
/** Screenshots are the largest answers. */
const MAX_PACKET_CHARS = 16_000_000;

/** Runs where the program runs, which is another network than ours: its port is reached over standard input. */
const BRIDGE =
  "const s=require('node:net').connect(Number(process.argv[1]),'127.0.0.1');" +
  'process.stdin.pipe(s).pipe(process.stdout)';

const answerSchema = z.tuple([
  z.literal(1),
  z.int(),
  z.object({ error: z.string(), message: z.string() }).nullable(),
  z.unknown(),
]);
const valueSchema = z.object({ value: z.unknown() });

type Bridge = ChildProcessByStdio<Writable, Readable, null>;

/**
 * The remote control of Mozilla programs: packets `length:JSON`, a command `[0, id, name, parameters]`, an answer
 * `[1, id, error, result]`. The first packet is a greeting.
 */
export class Marionette {
  readonly #bridge: Bridge;
  readonly #greeted = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #text = '';
  #calls = 0;

  private constructor(bridge: Bridge) {
    this.#bridge = bridge;
    bridge.stdout.setEncoding('latin1').on('data', (text: string) => this.#received(text));
    bridge.stdin.on('error', () => undefined);
    bridge.once('error', (error) => this.#ended(error));
    bridge.once('close', () => this.#ended(new Error('Marionette has hung up')));
    this.#greeted.promise.catch(() => undefined);
  }

  /** `enter` is the command that leads into the network of the program; `describe` what it said until now. */
  static async connect(enter: readonly string[], port: number, describe: () => string): Promise<Marionette> {
    const marionette = await eventually(
      'Marionette listens',
      START_TIMEOUT_MS,
      () => Marionette.#greetedBy(enter, port),
      describe,
    );
    await marionette.call('WebDriver:NewSession', { acceptInsecureCerts: false });
    await marionette.call('Marionette:SetContext', { value: 'chrome' });
    await marionette.call('WebDriver:SetTimeouts', { script: ANSWER_TIMEOUT_MS });
    return marionette;
  }

  static async #greetedBy(enter: readonly string[], port: number): Promise<Marionette> {
    const [program, ...args] = [...enter, process.execPath, '-e', BRIDGE, String(port)];
    const marionette = new Marionette(spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] }));
    try {
      await within('a greeting', ANSWER_TIMEOUT_MS, marionette.#greeted.promise);
      return marionette;
    } catch (error) {
      marionette.close();
      throw error;
    }
  }

  async call(name: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#calls += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#calls, answer);
    const packet = Buffer.from(JSON.stringify([0, this.#calls, name, parameters]));
    this.#bridge.stdin.write(`${packet.length}:${packet.toString()}`);
    return within(name, ANSWER_TIMEOUT_MS, answer.promise);
  }

  /** Runs the body of an async function in the program's window, with all its rights. */
  async run(body: string, ...args: readonly unknown[]): Promise<unknown> {
    const script = `return (async () => { ${body} }).apply(null, arguments)`;
    return valueSchema.parse(await this.call('WebDriver:ExecuteScript', { script, args })).value;
  }

  /** PNG. */
  async screenshot(): Promise<Buffer> {
    const { value } = valueSchema.parse(await this.call('WebDriver:TakeScreenshot', { full: false }));
    return Buffer.from(z.string().parse(value), 'base64');
  }

  close(): void {
    this.#bridge.kill('SIGKILL');
  }

  #ended(error: Error): void {
    this.#greeted.reject(error);
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  /** Lengths count octets, so one character has to be one octet until a packet is whole. */
  #received(text: string): void {
    this.#text += text;
    for (;;) {
      const colon = this.#text.indexOf(':');
      const end = colon + 1 + Number(this.#text.slice(0, colon));
      if (colon < 0 || this.#text.length < end) break;
      const packet = this.#text.slice(colon + 1, end);
      this.#text = this.#text.slice(end);
      this.#understand(JSON.parse(Buffer.from(packet, 'latin1').toString('utf8')));
    }
    if (this.#text.length > MAX_PACKET_CHARS) this.close();
  }

  #understand(packet: unknown): void {
    const answer = answerSchema.safeParse(packet);
    if (!answer.success) return this.#greeted.resolve();
    const [, id, error, result] = answer.data;
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === null) waiting?.resolve(result);
    else waiting?.reject(new Error(`${error.error}: ${error.message}`));
  }
}
