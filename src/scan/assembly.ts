/**
 * The few instructions of WebAssembly that a loop over the bytes of a message needs, as the core specification writes
 * them (section 5.4). The loop is so short that a compiler and its output would be more than it is.
 */

/** Bytes of code. */
export type Code = readonly number[];

const GET = 0x20;
const SET = 0x21;
const LOAD = 0x28;
const LOAD_BYTE = 0x2d;
const LOAD_PAIR = 0x2f;
const STORE_PAIR = 0x3b;
const NUMBER = 0x41;
const IS_LESS = 0x49;
const LOOP = 0x03;
const BRANCH_IF = 0x0d;
const END = 0x0b;
/** The sign of the format, and its version. */
const HEAD: Code = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** What is no block of some type but of none. */
const NO_TYPE = 0x40;
const I32 = 0x7f;
const FUNCTION = 0x60;
const CONTINUES = 0x80;

/** A number without a sign in as few bytes as it takes. */
function unsigned(value: number): Code {
  return value < CONTINUES ? [value] : [(value & 0x7f) | CONTINUES, ...unsigned(value >>> 7)];
}

/** The same with a sign, of 32 bits. */
function signed(value: number): Code {
  const isLast = value >= -64 && value < 64;
  return isLast ? [value & 0x7f] : [(value & 0x7f) | CONTINUES, ...signed(value >> 7)];
}

export const add: Code = [0x6a];
export const multiply: Code = [0x6c];
export const and: Code = [0x71];
export const shiftLeft: Code = [0x74];
export const shiftRight: Code = [0x76];

export function number(value: number): Code {
  return [NUMBER, ...signed(value | 0)];
}

export function get(local: number): Code {
  return [GET, local];
}

export function set(local: number): Code {
  return [SET, local];
}

/** Of the address on the stack and `offset`, which may be any: no alignment is promised. */
export function load(offset: number): Code {
  return [LOAD, 0, ...unsigned(offset)];
}

export function loadByte(offset: number): Code {
  return [LOAD_BYTE, 0, ...unsigned(offset)];
}

export function loadPair(offset: number): Code {
  return [LOAD_PAIR, 0, ...unsigned(offset)];
}

export function storePair(offset: number): Code {
  return [STORE_PAIR, 0, ...unsigned(offset)];
}

/** Does `body` again while the number that it leaves is less, without a sign, than the one in `limit`. */
export function whileLess(body: Code, limit: number): Code {
  return [LOOP, NO_TYPE, ...body, ...get(limit), IS_LESS, BRANCH_IF, 0, END];
}

function section(id: number, body: Code): Code {
  return [id, ...unsigned(body.length), ...body];
}

function named(name: string, kind: number): Code {
  return [name.length, ...Buffer.from(name), kind, 0];
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly run: (...given: readonly number[]) => number;
}

/** The part of the WebAssembly interface used here; the configured library types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

export interface Routine {
  /** Locals before `more` are what it is given. */
  readonly parameters: number;
  readonly more: number;
  readonly pages: number;
  readonly code: Code;
}

/** One function that gives a number back, and its memory. */
export function assemble({ parameters, more, pages, code }: Routine): Exports {
  const body = [1, more, I32, ...code, END];
  const given = Array.from({ length: parameters }, () => I32);
  const module = new WebAssembly.Module(
    Uint8Array.from([
      ...HEAD,
      ...section(1, [1, FUNCTION, parameters, ...given, 1, I32]),
      ...section(3, [1, 0]),
      ...section(5, [1, 1, ...unsigned(pages), ...unsigned(pages)]),
      ...section(7, [2, ...named('memory', 2), ...named('run', 0)]),
      ...section(10, [1, ...unsigned(body.length), ...body]),
    ]),
  );
  return new WebAssembly.Instance(module).exports;
}
