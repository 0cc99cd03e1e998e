/**
 * `node bench/quarantine.ts [ORIGINALS]`: how long the quarantine takes to keep originals, and to list, search and
 * read them when there are many (10,000 by default), in the store and through the API. Prints milliseconds; nothing
 * is compared.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../src/base/clock.ts';
import { configSchema } from '../src/base/config/schema.ts';
import { silentLogger } from '../src/base/log.ts';
import { openQuarantine } from '../src/quarantine/open-quarantine.ts';
import type { QuarantineQuery } from '../src/quarantine/quarantine-archive.ts';
import { ApiFixture } from '../test/support/api-fixture.ts';

const originals = Number(process.argv[2] ?? 10_000);
const ROUNDS = 20;
const MESSAGE_BYTES = 8_192;

function message(index: number): { readonly kind: 'memory'; buffer: SharedArrayBuffer; byteLength: number } {
  const header = `From: person ${index % 500} <p${index % 500}@example.org>\r\nSubject: Invoice number ${index}\r\n\r\n`;
  const bytes = Buffer.concat([Buffer.from(header), randomBytes(MESSAGE_BYTES)]);
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}

function entry(index: number) {
  const rule = `Rule_${index % 50}`;
  const finding = { engine: 'yara', rule, namespace: 'ns', class: 'malicious', severity: 'high' } as const;
  return {
    sha256: '',
    scanId: `s${index}`,
    verdict: { kind: 'malicious', findings: [{ ...finding, part: '2', sha256: '' }] },
    protocol: 'imap',
    user: `user${index % 300}`,
    client: '192.0.2.1',
    mailbox: 'INBOX',
    uid: String(index),
    generation: 'g',
  } as const;
}

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2] ?? 0;
}

function print(what: string, ms: number): void {
  console.log(`${what.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms`);
}

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-quarantine-'));
try {
  const config = configSchema.parse({
    upstream: { host: 'mail.example' },
    quarantine: { path: join(folder, 'q') },
  });
  const { archive, audit, releases } = openQuarantine(config.quarantine, systemClock, silentLogger);
  await archive.prepare();
  const start = performance.now();
  let id = '';
  for (let index = 0; index < originals; index += 1) {
    ({ id } = await archive.commit(entry(index), message(index)));
  }
  print(`keep one of ${originals} originals of 8 KiB, durably`, (performance.now() - start) / originals);
  const limit = 50;
  const middle = `Invoice number ${originals >> 1}`;
  const queries: readonly (readonly [string, QuarantineQuery])[] = [
    ['list the newest 50', { limit }],
    ['subject, one hit', { limit, subject: middle }],
    ['subject, no hit', { limit, subject: 'nowhere to be found' }],
    ['sender, many hits', { limit, sender: 'p7@example' }],
    ['rule, many hits', { limit, rule: 'rule_7' }],
    ['user, many hits', { limit, user: 'user7' }],
    ['digest', { limit, digest: id.slice(0, 12) }],
    ['rule, user and subject together', { limit, rule: 'rule_7', user: 'user7', subject: 'invoice' }],
  ];
  for (const [what, query] of queries) print(what, await median(() => archive.search(query)));
  const fixture = new ApiFixture({ quarantine: archive, audit, releases });
  for (const [what, query] of queries) {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const ask = () => fixture.api.get(`/api/v1/quarantine?${search.toString()}`);
    print(`API: ${what}`, await median(ask));
  }
  fixture.close();
  print('read one original', await median(() => archive.read(id)));
  await archive.close();
} finally {
  rmSync(folder, { recursive: true });
}
