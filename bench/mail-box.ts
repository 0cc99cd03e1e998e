import { Seeded } from '../test/corpus/seeded.ts';
import { FULL_CORPUS, realisticMail } from '../test/corpus/realistic-mail.ts';

/** A header of the benchmark's own in front of each message; its digits change when every message has to be new. */
export const SALT_LABEL = 'X-Bench: ';
export const SALT_DIGITS = 8;

function salted(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${SALT_LABEL}${'0'.repeat(SALT_DIGITS)}\r\n`), bytes]);
}

export const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const;

/** A text and one attachment that no compression shortens, `size` bytes on the wire. */
function messageOf(random: Seeded, size: number): Buffer {
  const head = [
    'From: <sender@example.org>',
    'To: <u1@example.net>',
    `Subject: ${random.hex(12)}`,
    `Message-ID: <${random.hex(16)}@bench.example>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="=_b"',
    '',
    '--=_b',
    'Content-Type: text/plain',
    '',
    'See the attachment.',
    '--=_b',
    'Content-Type: application/octet-stream; name="data.bin"',
    'Content-Transfer-Encoding: base64',
    '',
    '',
  ].join('\r\n');
  const lines = Math.max(1, Math.floor((size - head.length - 40) / 78));
  const base64 = random.bytes(lines * 57).toString('base64');
  const body = base64.replaceAll(/.{76}/gu, '$&\r\n');
  return Buffer.from(`${head}${body}--=_b--\r\n`, 'latin1');
}

/** How many messages of each size: enough to time, few enough to hold. */
export function countOf(size: number): number {
  return Math.max(4, Math.min(200, Math.floor(20_000_000 / size)));
}

/** The user whose mailbox holds messages of one size. */
export function sizeUser(size: number): string {
  return `size-${size}`;
}

export const CORPUS_USER = 'corpus';
/** Its mailbox is empty until the benchmark puts mail into it. */
export const PUSH_USER = 'push';

/** Its mail takes a second of a core each to scan: pages of everything that scripts and pages hide content by. */
export const SLOW_USER = 'slow';
const SLOW_BYTES = 2_000_000;
const SLOW_COUNT = 8;
const SLOW_UNIT = '<p class="a">text &amp; more text %41 "a" + "b" 12, 13</p>\r\n';

export function slowMail(): Buffer[] {
  const head = 'From: <sender@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n';
  return Array.from({ length: SLOW_COUNT }, (_, index) =>
    salted(
      Buffer.concat([
        Buffer.from(`${head}Subject: ${index}\r\n\r\n`, 'latin1'),
        Buffer.alloc(SLOW_BYTES, SLOW_UNIT, 'latin1'),
        Buffer.from('\r\n', 'latin1'),
      ]),
    ),
  );
}

/** `share` of the corpus of `performance` measurements: 500 messages, 150 MB, 287 of them below 30 kB. */
export function corpus(share: number, seed = 'bench'): Buffer[] {
  const scale = { count: FULL_CORPUS.count * share, totalBytes: FULL_CORPUS.totalBytes * share };
  return realisticMail(scale, seed).map(({ bytes }) => salted(bytes));
}

export function sizedMail(size: number): Buffer[] {
  const random = new Seeded(`bench/${size}`);
  return Array.from({ length: countOf(size) }, () => salted(messageOf(random, size)));
}
