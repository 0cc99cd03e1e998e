/** Messages that the second reader (mailparser) gives up on, and damaged ones of other kinds. */
import { MARKED, payload, plainMail } from './technique.ts';

export interface Unreadable {
  readonly name: string;
  /** `body` is what a client shows in the end. */
  readonly message: (body: string) => Buffer;
}

/** More than a thousand child nodes: mailsplit throws `EMAXLEN`. */
function manyNodes(body: string): Buffer {
  const parts = Array.from(
    { length: 1100 },
    (_, i) => `--b\r\nContent-Type: text/plain\r\n\r\nnote ${i}\r\n`,
  );
  return plainMail(
    'Content-Type: multipart/mixed; boundary=b',
    `${parts.join('')}--b\r\n\r\n${body}\r\n--b--\r\n`,
  );
}

/** A header above a megabyte: the same. */
function longHeader(body: string): Buffer {
  return plainMail(`${`X-Padding: ${'y'.repeat(900)}\r\n`.repeat(1200)}Content-Type: text/plain`, body);
}

export function unreadableMail(): Unreadable[] {
  return [
    { name: 'more nodes than it reads', message: manyNodes },
    { name: 'a header longer than it reads', message: longHeader },
  ];
}

/** Cut and damaged messages around the word; whatever is left of it may be found, nothing may throw. */
export function malformedMail(): { readonly name: string; readonly message: Buffer }[] {
  const whole = plainMail(
    'Content-Type: multipart/mixed; boundary=b',
    `--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n${payload(MARKED).toString('base64')}\r\n--b--\r\n`,
  );
  const cuts = Array.from({ length: 20 }, (_, i) => Math.floor((whole.length * i) / 20));
  return [
    { name: 'nothing', message: Buffer.alloc(0) },
    { name: 'one byte', message: Buffer.from('x') },
    { name: 'line ends only', message: Buffer.from('\r\n'.repeat(100)) },
    { name: 'zeros', message: Buffer.alloc(10_000) },
    { name: 'all byte values', message: Buffer.from(Array.from({ length: 4096 }, (_, i) => i & 255)) },
    ...cuts.map((at) => ({ name: `cut at ${at}`, message: whole.subarray(0, at) })),
    ...cuts.map((at) => ({ name: `began at ${at}`, message: whole.subarray(at) })),
  ];
}
