import { hash } from 'node:crypto';
import type { Budget } from '../budget.ts';

/** How one entry of an OpenDocument file is encrypted (ODF 1.3 part 2, section 4.8). */
export interface OdfEncryption {
  readonly path: string;
  /** Key bits of AES in CBC mode; undefined for a cipher that is not read here. */
  readonly keyBits?: 128 | 192 | 256;
  readonly iv: Buffer;
  /** Hash of the password, from which the key is derived. */
  readonly startHash: 'sha1' | 'sha256';
  readonly salt: Buffer;
  readonly rounds: number;
  /** Over the first kilobyte of the decrypted, still compressed entry. */
  readonly checksum: Buffer;
  readonly checksumHash: 'sha1' | 'sha256';
}

/** Entries of one manifest; a document with many pictures has some hundred. */
export const MAX_ODF_ENTRIES = 256;
const MAX_VALUE_CHARS = 1024;
const MAX_CODE_POINT = 0x10ffff;

function characterOf(reference: string, hex: string | undefined, decimal: string | undefined): string {
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : reference;
}

function attribute(text: string, name: string): string {
  const found =
    new RegExp(`[\\s:]${name}\\s{0,8}=\\s{0,8}["']([^"']{0,${MAX_VALUE_CHARS}})["']`).exec(text)?.[1] ?? '';
  return found
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll(/&#(?:x([0-9a-f]{1,6})|(\d{1,7}));/gi, characterOf)
    .replaceAll('&amp;', '&');
}

function hashNamed(name: string): 'sha1' | 'sha256' {
  return /sha-?256/i.test(name) ? 'sha256' : 'sha1';
}

function keyBitsOf(algorithm: string): 128 | 192 | 256 | undefined {
  const bits = Number(/aes-?(128|192|256)-cbc/i.exec(algorithm)?.[1] ?? 0);
  return bits === 128 || bits === 192 || bits === 256 ? bits : undefined;
}

function readEntry(text: string): OdfEncryption {
  const keyBits = keyBitsOf(attribute(text, 'algorithm-name'));
  const isPbkdf2 = /PBKDF2/i.test(attribute(text, 'key-derivation-name'));
  return {
    path: attribute(text, 'full-path'),
    ...(keyBits !== undefined && isPbkdf2 && { keyBits }),
    iv: Buffer.from(attribute(text, 'initialisation-vector'), 'base64'),
    startHash: hashNamed(attribute(text, 'start-key-generation-name')),
    salt: Buffer.from(attribute(text, 'salt'), 'base64'),
    rounds: Number(attribute(text, 'iteration-count')),
    checksum: Buffer.from(attribute(text, 'checksum'), 'base64'),
    checksumHash: hashNamed(attribute(text, 'checksum-type')),
  };
}

/** The encrypted entries that a manifest names, at most one more than `MAX_ODF_ENTRIES`. */
export function readOdfManifest(text: string): OdfEncryption[] {
  return text
    .split(/<(?:[\w.-]{1,64}:)?file-entry\b/)
    .slice(1)
    .filter((entry) => entry.includes('encryption-data'))
    .slice(0, MAX_ODF_ENTRIES + 1)
    .map(readEntry);
}

/**
 * Manifests whose whole file was opened, or reported, in the same scan: as a piece of its own a manifest only tells
 * that something is encrypted.
 */
export class AnsweredManifests {
  readonly #byScan = new WeakMap<Budget, Set<string>>();

  add(budget: Budget, manifest: Uint8Array): void {
    const answered = this.#byScan.get(budget) ?? new Set();
    answered.add(hash('sha256', manifest));
    this.#byScan.set(budget, answered);
  }

  has(budget: Budget, manifest: Uint8Array): boolean {
    return this.#byScan.get(budget)?.has(hash('sha256', manifest)) === true;
  }
}
