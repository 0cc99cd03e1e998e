import { proseOf } from './mail-texts.ts';
import { plainPart, serialise } from './mime-writer.ts';
import { Seeded } from './seeded.ts';

/** What a message asks of the worker that scans it, when the product runs with `POSTERN_SCAN_FAULTS=1`. */
export type Fault = `delay=${number}` | 'loop' | 'heap' | 'throw' | 'exit' | 'kill';

/** A harmless message whose scan goes wrong. Another `name` gives other bytes, so no cached verdict answers. */
export function faultyMail(name: string, fault: Fault, size = 3_000): { name: string; bytes: Buffer } {
  const part = plainPart(proseOf(new Seeded(`fault/${name}`), size));
  const headers = [
    'From: sender@example.org',
    'To: u1@example.net',
    `Subject: fault ${name}`,
    'Date: Fri, 2 Jan 2026 03:04:05 +0000',
    `Message-ID: <${name}@corpus.example>`,
    `X-Postern-Fault: ${fault}`,
    'MIME-Version: 1.0',
  ];
  return { name, bytes: serialise({ headers: [...headers, ...part.headers], body: part.body }) };
}
