import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import SevenZipFactory from '7z-wasm';
import { ScanLimitError, type Budget } from '../budget.ts';

/** The part of the WebAssembly interface used here; the configured library types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

interface Stream {
  readonly fd: number;
}

/** The in-memory file system of one instance; the two functions are replaced to see and bound every access. */
interface Files {
  write(stream: Stream, heap: Uint8Array, offset: number, length: number, ...rest: unknown[]): number;
  read(stream: Stream, heap: Uint8Array, offset: number, length: number, ...rest: unknown[]): number;
  writeFile(path: string, bytes: Uint8Array): void;
}

interface Instance {
  readonly FS: Files;
  callMain(args: readonly string[]): void;
}

type Instantiate = (imports: object, done: (instance: object, module: object) => void) => object;

export interface SevenZipFile {
  readonly name: string;
  readonly bytes: Buffer;
}

export interface SevenZipOutcome {
  /** Everything that came out, also of a run that failed. */
  readonly files: readonly SevenZipFile[];
  readonly encrypted: boolean;
  /** An error that is not about a password: damage, an unsupported method, not this format at all. */
  readonly failed: boolean;
  /** A limit that ended the run; `files` holds what came out before. */
  readonly stopped?: ScanLimitError;
}

/** How 7-Zip begins each write about a failure. Data behind the end of a stream is none: it is carved. */
const ERROR_TEXT = /^(?:ERROR: (?!There are some data after).|ERRORS:|Can't open as archive|Cannot open )/;
const MAX_ERRORS = 1000;

function isAboutPassword(text: string): boolean {
  return /password|encrypted/i.test(text);
}

/** Collects what one run writes: file content on descriptor 1, progress and names on descriptor 2. */
class Collector {
  readonly files: SevenZipFile[] = [];
  readonly #budget: Budget;
  readonly #cap: number;
  #name = '';
  #nameFollows = false;
  #chunks: Buffer[] = [];
  #length = 0;
  #total = 0;
  readonly #errors: string[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
    this.#cap = budget.objectAllowance();
  }

  content(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#total += chunk.length;
    if (this.#length > this.#cap) {
      throw new ScanLimitError('bomb', 'an archived object expands beyond the limit');
    }
    if (this.#total > this.#budget.limits.maxTotalBytes) {
      throw new ScanLimitError('bomb', 'the archive expands beyond the limit');
    }
    this.#budget.checkTime();
  }

  /** With `-bb1` a file is announced by one write of `- ` and one of its name. */
  message(text: string): void {
    if (this.#nameFollows && text !== '') {
      this.#endFile();
      this.#name = text.startsWith('in~') ? text.slice(3) : text; // 7-Zip's own name for a nameless content
      this.#nameFollows = false;
    } else if (text === '- ') {
      this.#nameFollows = true;
    } else if (this.#errors.length < MAX_ERRORS && ERROR_TEXT.test(text)) {
      this.#errors.push(text);
    }
  }

  #endFile(): void {
    if (this.#length > 0) {
      if (this.files.length >= this.#budget.limits.maxPieces) {
        throw new ScanLimitError('bomb', 'the archive holds too many objects');
      }
      this.files.push({ name: this.#name, bytes: Buffer.concat(this.#chunks) });
    }
    this.#chunks = [];
    this.#length = 0;
  }

  finish(crashed: boolean, stopped: ScanLimitError | undefined): SevenZipOutcome {
    const cut = stopped === undefined ? this.#length : Math.min(this.#length, this.#cap);
    if (cut > 0) {
      this.files.push({ name: this.#name, bytes: Buffer.concat(this.#chunks).subarray(0, cut) });
    }
    const encrypted = this.#errors.some(isAboutPassword);
    const failed = (crashed && !encrypted) || this.#errors.some((text) => !isAboutPassword(text));
    const outcome = { files: this.files, encrypted, failed };
    return stopped === undefined ? outcome : { ...outcome, stopped };
  }
}

/**
 * 7-Zip compiled to WebAssembly. Each archive gets a fresh instance: a damaged heap must not meet the next one,
 * and memory is given back. Input and output stay in memory; the host's file system is not reachable.
 */
export class SevenZip {
  #module: object | undefined;

  async extract(bytes: Uint8Array, budget: Budget, password = '', type = ''): Promise<SevenZipOutcome> {
    const instance = await this.#instantiate();
    const collector = new Collector(budget);
    this.#watch(instance, collector, budget);
    instance.FS.writeFile('/in', bytes);
    const kind = type === '' ? [] : [`-t${type}`];
    // Without -p an encrypted archive asks for a password and dies; with -so no name can fail to be created.
    const args = ['x', '-so', '-bso2', '-bb1', '-y', '-sccUTF-8', ...kind, `-p${password}`, '/in'];
    return this.#run(instance, args, collector);
  }

  #run(instance: Instance, args: readonly string[], collector: Collector): SevenZipOutcome {
    const exitCode = process.exitCode;
    try {
      instance.callMain(args);
      return collector.finish(false, undefined);
    } catch (error) {
      if (error instanceof ScanLimitError) {
        return collector.finish(false, error);
      }
      return collector.finish(true, undefined); // a C++ exception (a bare number), a trap, or an exit
    } finally {
      process.exitCode = exitCode; // the module sets it when 7-Zip returns an error
    }
  }

  #watch(instance: Instance, collector: Collector, budget: Budget): void {
    const { FS: files } = instance;
    const write = files.write.bind(files);
    const read = files.read.bind(files);
    files.write = (stream, heap, offset, length, ...rest) => {
      if (stream.fd !== 1 && stream.fd !== 2) {
        return write(stream, heap, offset, length, ...rest);
      }
      const chunk = Buffer.from(heap.slice(offset, offset + length));
      if (stream.fd === 1) {
        collector.content(chunk);
      } else {
        collector.message(chunk.toString());
      }
      return length;
    };
    files.read = (stream, heap, offset, length, ...rest) => {
      budget.checkTime();
      return read(stream, heap, offset, length, ...rest);
    };
  }

  async #instantiate(): Promise<Instance> {
    const module = (this.#module ??= SevenZip.#compile());
    const instantiateWasm: Instantiate = (imports, done) => {
      const instance = new WebAssembly.Instance(module, imports);
      done(instance, module);
      return instance.exports;
    };
    const silent = { print: () => undefined, printErr: () => undefined };
    // The published types know neither `instantiateWasm` nor the rest arguments of the file functions.
    const create = SevenZipFactory as unknown as (options: object) => Promise<Instance>;
    return create({ ...silent, instantiateWasm });
  }

  static #compile(): object {
    const path = createRequire(import.meta.url).resolve('7z-wasm/7zz.wasm');
    return new WebAssembly.Module(readFileSync(path));
  }
}
