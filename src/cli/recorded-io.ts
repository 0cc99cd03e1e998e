import type { Interrupt, Io } from './io.ts';

/** An `Io` for tests: keeps what a command wrote, and lets the test press Ctrl-C. */
export class RecordedIo implements Io {
  readonly env: Io['env'];
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly stderrIsTerminal = false;
  readonly chunks: Uint8Array[] = [];
  readonly exits: number[] = [];
  errors = '';
  readonly #interruptHandlers = new Set<(signal: Interrupt) => void>();
  readonly #hangUpHandlers = new Set<() => void>();
  readonly #faultHandlers = new Set<(error: unknown, fatal: boolean) => void>();

  constructor(options: { readonly env?: Io['env']; readonly stdin?: AsyncIterable<Uint8Array> } = {}) {
    this.env = options.env ?? {};
    this.stdin = options.stdin ?? emptyStream();
  }

  get output(): string {
    return Buffer.concat(this.chunks).toString();
  }

  get lines(): readonly string[] {
    return this.output.split('\n').filter((line) => line !== '');
  }

  async out(data: string | Uint8Array): Promise<void> {
    this.chunks.push(Buffer.from(data));
  }

  err(text: string): void {
    this.errors += text;
  }

  onInterrupt(handler: (signal: Interrupt) => void): () => void {
    this.#interruptHandlers.add(handler);
    return () => this.#interruptHandlers.delete(handler);
  }

  onHangUp(handler: () => void): () => void {
    this.#hangUpHandlers.add(handler);
    return () => this.#hangUpHandlers.delete(handler);
  }

  onFault(handler: (error: unknown, fatal: boolean) => void): void {
    this.#faultHandlers.add(handler);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  interrupt(signal: Interrupt = 'SIGINT'): void {
    for (const handler of this.#interruptHandlers) {
      handler(signal);
    }
  }

  hangUp(): void {
    for (const handler of this.#hangUpHandlers) {
      handler();
    }
  }

  fault(error: unknown, fatal: boolean): void {
    for (const handler of this.#faultHandlers) {
      handler(error, fatal);
    }
  }

  get isListening(): boolean {
    return this.#interruptHandlers.size > 0;
  }
}

async function* emptyStream(): AsyncGenerator<Uint8Array> {
  // nothing was piped in
}
