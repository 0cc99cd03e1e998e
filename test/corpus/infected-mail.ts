import { eicar } from './eicar.ts';
import { pdf, proseOf } from './mail-texts.ts';
import {
  attachment,
  type Entity,
  messagePart,
  multipart,
  plainPart,
  quotedPart,
  serialise,
} from './mime-writer.ts';
import { Seeded } from './seeded.ts';
import { zip } from './zip-writer.ts';

export interface InfectedMessage {
  /** Unique, also the local part of its Message-ID. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Encoded octets `[start, end)` of the leaf that carries the marker, in `bytes`. */
  readonly guilty: { readonly start: number; readonly end: number };
}

function headersOf(name: string): string[] {
  return [
    'Return-Path: <attacker@example.org>',
    'From: Attacker <attacker@example.org>',
    'To: u1@example.net',
    `Subject: invoice ${name}`,
    'Date: Fri, 2 Jan 2026 03:04:05 +0000',
    `Message-ID: <${name}@corpus.example>`,
    'MIME-Version: 1.0',
  ];
}

function message(name: string, content: Entity): Buffer {
  return serialise({ headers: [...headersOf(name), ...content.headers], body: content.body });
}

/** `leaf` is the encoded body of the guilty part; it stands exactly once in the message. */
function infected(name: string, content: Entity, leaf: Buffer): InfectedMessage {
  const bytes = message(name, content);
  const start = bytes.indexOf(leaf);
  if (start === -1 || bytes.indexOf(leaf, start + 1) !== -1) {
    throw new Error(`${name}: the guilty leaf must stand exactly once in the message`);
  }
  return { name, bytes, guilty: { start, end: start + leaf.length } };
}

function mixed(random: Seeded, parts: readonly Entity[]): Entity {
  return multipart('mixed', `=_${random.hex(20)}`, parts);
}

function inBody(): InfectedMessage {
  const text = `Hello,\r\n\r\n${eicar().toString('latin1')}\r\n\r\nGoodbye\r\n`;
  const part = plainPart(text);
  return infected('infected-body', part, part.body);
}

function inAttachment(random: Seeded): InfectedMessage {
  const guilty = attachment('application/octet-stream', 'eicar.com', eicar());
  const parts = [plainPart(proseOf(random, 500)), guilty];
  return infected('infected-attachment', mixed(random, parts), guilty.body);
}

function inQuotedPrintable(random: Seeded): InfectedMessage {
  // long enough before the marker that a soft break stands inside it: only a decoder sees it whole
  const guilty = quotedPart(`Grüße = greetings\r\nsee below: ${eicar().toString('latin1')}\r\nEnde\r\n`);
  const parts = [plainPart(proseOf(random, 300)), guilty];
  return infected('infected-quoted-printable', mixed(random, parts), guilty.body);
}

function inNestedMessage(random: Seeded): InfectedMessage {
  const guilty = attachment('application/x-msdownload', 'invoice.exe', eicar());
  const inner = message('nested-inner', mixed(random, [plainPart(proseOf(random, 200)), guilty]));
  const outer = mixed(random, [plainPart(proseOf(random, 200)), messagePart(inner)]);
  return infected('infected-nested', outer, guilty.body);
}

function inZip(random: Seeded): InfectedMessage {
  const archive = zip([
    { name: 'readme.txt', content: Buffer.from('nothing to see\n') },
    { name: 'payload/eicar.com', content: eicar() },
  ]);
  const guilty = attachment('application/zip', 'documents.zip', archive);
  return infected('infected-zip', mixed(random, [plainPart(proseOf(random, 400)), guilty]), guilty.body);
}

function inSecondAttachment(random: Seeded): InfectedMessage {
  const guilty = attachment('application/octet-stream', 'second.bin', eicar());
  const parts = [
    plainPart(proseOf(random, 700, false)),
    attachment('application/pdf', 'first.pdf', pdf(random, 30_000)),
    guilty,
    attachment('application/pdf', 'third.pdf', pdf(random, 20_000)),
  ];
  return infected('infected-second-attachment', mixed(random, parts), guilty.body);
}

/** The marker behind a megabyte of harmless content: what is judged is the whole, not a beginning. */
function inLargeAttachment(random: Seeded): InfectedMessage {
  const content = Buffer.concat([random.bytes(1_500_000), Buffer.from('\n'), eicar(), Buffer.from('\n')]);
  const guilty = attachment('application/octet-stream', 'backup.img', content);
  return infected('infected-large', mixed(random, [plainPart(proseOf(random, 400)), guilty]), guilty.body);
}

/** The infected set: the harmless test marker in every place where step 1 has to find it. */
export function infectedMail(seed = 'postern'): InfectedMessage[] {
  const random = new Seeded(`${seed}/infected`);
  return [
    inBody(),
    inAttachment(random),
    inQuotedPrintable(random),
    inNestedMessage(random),
    inZip(random),
    inSecondAttachment(random),
    inLargeAttachment(random),
  ];
}

/** Octets that agree by chance over this length: about one place in 2^60. */
const WINDOW = 10;

/** The marker as it is and in base64 at each alignment, without the characters that its neighbours share. */
function markerForms(): Buffer[] {
  const marker = eicar();
  const encoded = [0, 1, 2].map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), marker]).toString('base64');
    return Buffer.from(text.slice(shift === 0 ? 0 : 4, -4), 'latin1');
  });
  return [marker, ...encoded];
}

/** How many octets of the marker, in any of its forms, stand in `bytes` (runs of ten or more). */
export function markerBytes(bytes: Buffer): number {
  const found = new Set<number>();
  for (const form of markerForms()) {
    for (let start = 0; start + WINDOW <= form.length; start += 1) {
      const at = bytes.indexOf(form.subarray(start, start + WINDOW));
      if (at !== -1) {
        Array.from({ length: WINDOW }, (_, offset) => found.add(at + offset));
      }
    }
  }
  return found.size;
}

/** How many octets of the guilty piece are still in place in a message of equal size (runs of ten or more). */
export function survivingBytes(bytes: Buffer, original: InfectedMessage): number {
  let survivors = markerBytes(bytes);
  let run = 0;
  for (let index = original.guilty.start; index < original.guilty.end; index += 1) {
    run = bytes[index] === original.bytes[index] ? run + 1 : 0;
    survivors += run >= WINDOW ? 1 : 0;
  }
  return survivors;
}
