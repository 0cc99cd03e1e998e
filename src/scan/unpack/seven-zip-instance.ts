import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import SevenZipFactory from '7z-wasm';

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  emscripten_stack_get_current(): number;
  _emscripten_stack_restore(pointer: number): void;
}

/** The part of the WebAssembly interface used here; the configured library types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
};

interface Stream {
  readonly fd: number;
}

export type FileFunction = (
  stream: Stream,
  heap: Uint8Array,
  offset: number,
  length: number,
  ...rest: unknown[]
) => number;

/** The in-memory file system of one instance; the two functions are replaced to see and bound every access. */
interface Files {
  write: FileFunction;
  read: FileFunction;
  readonly streams: readonly unknown[];
  readdir(path: string): readonly string[];
  unlink(path: string): void;
  writeFile(path: string, bytes: Uint8Array): void;
}

interface Program {
  readonly FS: Files;
  callMain(args: readonly string[]): number;
}

type Instantiate = (imports: object, done: (instance: object, module: object) => void) => object;

/** What a run may do in place of the file system's own functions, which it gets. */
export interface FileHooks {
  write(own: FileFunction): FileFunction;
  read(own: FileFunction): FileFunction;
}

const INPUT = '/in';
/** Standard input, output and errors; anything more that is open after a run was not closed. */
const STANDARD_STREAMS = 3;

/** Of a memory that are looked at and cleared together; more calls for smaller ones cost more than they save. */
const STRETCH_BYTES = 1024 * 1024;
const ZEROS = Buffer.alloc(STRETCH_BYTES);
/** Of which every memory of WebAssembly is made. */
const PAGE_BYTES = 65_536;

/** In whole pages: a memory of 16 MB is mostly zeros, which the native comparison passes over in a millisecond. */
function lengthWithoutZeros(memory: ArrayBuffer): number {
  const bytes = Buffer.from(memory);
  let end = bytes.length;
  while (end > 0 && isZero(bytes.subarray(end - PAGE_BYTES, end))) {
    end -= PAGE_BYTES;
  }
  return end;
}

/** `bytes`: a stretch at most. */
function isZero(bytes: Buffer): boolean {
  return bytes.compare(ZEROS, 0, bytes.length) === 0;
}

/** Clears all from `from` on. Most was never written: reading it takes no memory, writing zeros does. */
function clear(memory: ArrayBuffer, from: number): void {
  const bytes = Buffer.from(memory);
  for (let at = from; at < bytes.length; at += STRETCH_BYTES) {
    const stretch = bytes.subarray(at, at + STRETCH_BYTES);
    if (!isZero(stretch)) {
      stretch.fill(0);
    }
  }
}

/**
 * One instance of 7-Zip and the memory that it had before its first run. Making an instance takes 7 ms and 17 MB of
 * garbage, and its first run finds no page of its memory; giving it back its first memory takes one.
 */
export class SevenZipInstance {
  readonly #program: Program;
  readonly #exports: Exports;
  readonly #own: { readonly write: FileFunction; readonly read: FileFunction };
  readonly #image: Uint8Array;
  readonly #memoryBytes: number;
  readonly #stack: number;
  readonly #rootEntries: number;

  /** `image`: the memory of another instance of the same module before its first run, when there was one. */
  constructor(program: Program, exports: Exports, image?: Uint8Array) {
    this.#program = program;
    this.#exports = exports;
    const { FS: files } = program;
    this.#own = { write: files.write.bind(files), read: files.read.bind(files) };
    const memory = new Uint8Array(exports.memory.buffer);
    this.#memoryBytes = memory.length;
    this.#image = image ?? memory.slice(0, lengthWithoutZeros(exports.memory.buffer));
    this.#stack = exports.emscripten_stack_get_current();
    this.#rootEntries = files.readdir('/').length;
  }

  get image(): Uint8Array {
    return this.#image;
  }

  /** Runs 7-Zip over `bytes`, whose path is the last argument, and gives its exit code; throws what ends it early. */
  run(bytes: Uint8Array, args: readonly string[], hooks: FileHooks): number {
    const { FS: files } = this.#program;
    files.write = hooks.write(this.#own.write);
    files.read = hooks.read(this.#own.read);
    files.writeFile(INPUT, bytes);
    const { exitCode } = process;
    try {
      return this.#program.callMain([...args, INPUT]);
    } finally {
      process.exitCode = exitCode; // the module sets it when 7-Zip returns an error
    }
  }

  /**
   * Makes the instance as it was before its first run. False when that cannot be said: memory that grew stays, and a
   * file that was left open or made may mean anything.
   */
  reset(): boolean {
    const { FS: files } = this.#program;
    files.unlink(INPUT);
    const memory = new Uint8Array(this.#exports.memory.buffer);
    const isOpen = files.streams
      .slice(STANDARD_STREAMS)
      .some((stream) => stream !== null && stream !== undefined);
    if (isOpen || memory.length !== this.#memoryBytes || files.readdir('/').length !== this.#rootEntries) {
      return false;
    }
    memory.set(this.#image);
    clear(this.#exports.memory.buffer, this.#image.length);
    // oxlint-disable-next-line no-underscore-dangle -- the name is the compiler's
    this.#exports._emscripten_stack_restore(this.#stack);
    return true;
  }
}

/** Makes instances from one compiled module. */
export class SevenZipModule {
  #module: object | undefined;
  /** All instances begin alike; finding out where the zeros begin takes as long as making one. */
  #image: Uint8Array | undefined;

  async instantiate(): Promise<SevenZipInstance> {
    const module = (this.#module ??= SevenZipModule.#compile());
    let exports: Exports | undefined;
    const instantiateWasm: Instantiate = (imports, done) => {
      const instance = new WebAssembly.Instance(module, imports);
      ({ exports } = instance);
      done(instance, module);
      return exports;
    };
    const silent = { print: () => undefined, printErr: () => undefined };
    // The published types know neither `instantiateWasm` nor the rest arguments of the file functions.
    const create = SevenZipFactory as unknown as (options: object) => Promise<Program>;
    const program = await create({ ...silent, instantiateWasm });
    if (exports === undefined) {
      throw new Error('7-Zip was not instantiated');
    }
    const instance = new SevenZipInstance(program, exports, this.#image);
    this.#image = instance.image;
    return instance;
  }

  static #compile(): object {
    const path = createRequire(import.meta.url).resolve('7z-wasm/7zz.wasm');
    return new WebAssembly.Module(readFileSync(path));
  }
}
