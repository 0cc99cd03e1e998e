import { createHash } from 'node:crypto';
import type { ClientHello } from './client-hello.ts';

const SERVER_NAME = 0x0000;
const PROTOCOLS = 0x0010;
const NO_HASH = '000000000000';
const HASH_LENGTH = 12;
const VERSION_NAMES: ReadonlyMap<number, string> = new Map([
  [0x0304, '13'],
  [0x0303, '12'],
  [0x0302, '11'],
  [0x0301, '10'],
  [0x0300, 's3'],
]);

/** RFC 8701: values that clients send at random, so that nobody relies on them. */
function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function count(values: readonly unknown[]): string {
  return String(Math.min(values.length, 99)).padStart(2, '0');
}

function hash(text: string): string {
  return text === '' ? NO_HASH : createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}

/** First and last character of the first protocol; of its hexadecimal form when they are no letters or digits. */
function protocolMark([first = '']: readonly string[]): string {
  if (first === '') return '00';
  const ends = first.slice(0, 1) + first.slice(-1);
  if (/^[0-9a-z]{2}$/i.test(ends)) return ends;
  const bytes = Buffer.from(first, 'latin1').toString('hex');
  return bytes.slice(0, 1) + bytes.slice(-1);
}

function version({ versions, legacyVersion }: ClientHello): string {
  const known = versions.filter((value) => !isGrease(value));
  const highest = known.length === 0 ? legacyVersion : Math.max(...known);
  return VERSION_NAMES.get(highest) ?? '00';
}

/**
 * The JA4 fingerprint of a client over TCP: version, name, numbers of ciphers and extensions, first protocol;
 * then hashes of the sorted ciphers and of the sorted extensions with the signature algorithms.
 */
export function ja4(hello: ClientHello): string {
  const ciphers = hello.ciphers.filter((value) => !isGrease(value)).map(hex);
  const extensions = hello.extensions.filter((value) => !isGrease(value));
  const algorithms = hello.signatureAlgorithms.filter((value) => !isGrease(value)).map(hex);
  const sorted = extensions
    .filter((value) => value !== SERVER_NAME && value !== PROTOCOLS)
    .map(hex)
    .sort()
    .join(',');
  const tail = algorithms.length === 0 ? sorted : `${sorted}_${algorithms.join(',')}`;
  const head = [
    `t${version(hello)}${hello.hasServerName ? 'd' : 'i'}`,
    count(ciphers),
    count(extensions),
    protocolMark(hello.protocols),
  ].join('');
  return `${head}_${hash(ciphers.sort().join(','))}_${hash(extensions.length === 0 ? '' : tail)}`;
}
