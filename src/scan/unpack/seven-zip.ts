import { ScanLimitError, type Budget } from '../budget.ts';
import { type FileHooks, type SevenZipInstance, SevenZipModule } from './seven-zip-instance.ts';

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

/** Exit codes up to this one: all is well, a warning, an error in the archive or its password. */
const ABOUT_THE_ARCHIVE = 2;

/** How a run ended: by itself, or by a limit or a fault inside. */
interface RunEnd {
  /** Of 7-Zip, 0 when all is well; absent when the run did not end by itself. */
  readonly exitCode?: number;
  readonly outcome: SevenZipOutcome;
}

/**
 * 7-Zip compiled to WebAssembly. An instance whose run ended by itself, well or with its own word about the archive,
 * is given back its first memory and used again; after a trap, an exception or a limit the next archive gets a fresh
 * one, because nothing says what state they left. Input and output stay in memory; the host's file system is not
 * reachable.
 */
export class SevenZip {
  readonly #module = new SevenZipModule();
  #idle: SevenZipInstance | undefined;

  async extract(bytes: Uint8Array, budget: Budget, password = '', type = ''): Promise<SevenZipOutcome> {
    const kept = this.#idle;
    this.#idle = undefined;
    const instance = kept ?? (await this.#module.instantiate());
    const kind = type === '' ? [] : [`-t${type}`];
    // Without -p an encrypted archive asks for a password and dies; with -so no name can fail to be created.
    const args = ['x', '-so', '-bso2', '-bb1', '-y', '-sccUTF-8', ...kind, `-p${password}`];
    const { exitCode, outcome } = this.#run(instance, bytes, args, budget);
    if (exitCode !== undefined && exitCode <= ABOUT_THE_ARCHIVE && instance.reset()) {
      this.#idle = instance;
    }
    return outcome;
  }

  #run(instance: SevenZipInstance, bytes: Uint8Array, args: readonly string[], budget: Budget): RunEnd {
    const collector = new Collector(budget);
    try {
      const exitCode = instance.run(bytes, args, this.#hooks(collector, budget));
      return { exitCode, outcome: collector.finish(false, undefined) };
    } catch (error) {
      if (error instanceof ScanLimitError) {
        return { outcome: collector.finish(false, error) };
      }
      return { outcome: collector.finish(true, undefined) }; // a C++ exception (a bare number), a trap, or an exit
    }
  }

  #hooks(collector: Collector, budget: Budget): FileHooks {
    return {
      write:
        (own) =>
        (stream, heap, offset, length, ...rest) => {
          if (stream.fd !== 1 && stream.fd !== 2) {
            return own(stream, heap, offset, length, ...rest);
          }
          const chunk = Buffer.from(heap.slice(offset, offset + length));
          if (stream.fd === 1) {
            collector.content(chunk);
          } else {
            collector.message(chunk.toString());
          }
          return length;
        },
      read:
        (own) =>
        (stream, heap, offset, length, ...rest) => {
          budget.checkTime();
          return own(stream, heap, offset, length, ...rest);
        },
    };
  }
}
