import { createCipheriv, createDecipheriv, randomBytes, scryptSync, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { GatewayError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { Authority, createRoot } from './authority.ts';
import type { KeyPair } from './certificate-writer.ts';

const FILE = 'authority.json';
const ROOT_NAME = 'Postern mail protection';
/** 64 MiB and about 0.1 s for each try: RFC 7914 with the numbers that OWASP recommends. */
const SCRYPT = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 } as const;
const CIPHER = 'aes-256-gcm';
/** A passphrase below this is guessed. */
const LEAST_PASSPHRASE = 12;

const hex = z.string().regex(/^(?:[0-9a-f]{2})+$/);
const sealedSchema = z.strictObject({ salt: hex, iv: hex, tag: hex, data: hex });
const fileSchema = z.strictObject({
  version: z.literal(1),
  roots: z
    .array(
      z.strictObject({
        /** `next`: handed out already, so that clients trust it before it signs. `retired`: not yet forgotten. */
        state: z.enum(['active', 'next', 'retired']),
        cert: z.string(),
        key: sealedSchema,
      }),
    )
    .min(1),
});
type AuthorityFile = z.output<typeof fileSchema>;
type Sealed = z.output<typeof sealedSchema>;

function seal(key: string, passphrase: Secret<string>): Sealed {
  const salt = randomBytes(16);
  const iv = randomBytes(12);
  const cipher = createCipheriv(CIPHER, scryptSync(passphrase.reveal(), salt, 32, SCRYPT), iv);
  const data = Buffer.concat([cipher.update(key, 'utf8'), cipher.final()]);
  return {
    salt: salt.toString('hex'),
    iv: iv.toString('hex'),
    tag: cipher.getAuthTag().toString('hex'),
    data: data.toString('hex'),
  };
}

function open({ salt, iv, tag, data }: Sealed, passphrase: Secret<string>): string {
  const key = scryptSync(passphrase.reveal(), Buffer.from(salt, 'hex'), 32, SCRYPT);
  const decipher = createDecipheriv(CIPHER, key, Buffer.from(iv, 'hex'));
  decipher.setAuthTag(Buffer.from(tag, 'hex'));
  return decipher.update(data, 'hex', 'utf8') + decipher.final('utf8');
}

function failed(message: string, cause?: unknown): GatewayError {
  return new GatewayError('CERTIFICATE_INVALID', message, { cause });
}

function read(folder: string): AuthorityFile {
  const file = path.join(folder, FILE);
  try {
    return fileSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    throw failed(
      missing
        ? `there is no authority in ${folder}. Make one with "postern ca init"`
        : `the authority in ${folder} cannot be read`,
      cause,
    );
  }
}

/** In one step: a power cut leaves the old file or the new one. */
function write(folder: string, content: AuthorityFile): void {
  const file = path.join(folder, FILE);
  const temporary = `${file}.new`;
  try {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = fs.openSync(temporary, 'w', 0o600);
    try {
      fs.writeSync(descriptor, `${JSON.stringify(content, null, 2)}\n`);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
    fs.renameSync(temporary, file);
  } catch (cause) {
    throw failed(`the authority cannot be written to ${folder}`, cause);
  }
}

function checkPassphrase(passphrase: Secret<string>): void {
  if (passphrase.reveal().length < LEAST_PASSPHRASE) {
    throw failed(
      `the passphrase of the authority has fewer than ${LEAST_PASSPHRASE} characters. Take a longer one`,
    );
  }
}

function rootOf(
  state: 'active' | 'next',
  pair: KeyPair,
  passphrase: Secret<string>,
): AuthorityFile['roots'][number] {
  return { state, cert: pair.cert, key: seal(pair.key, passphrase) };
}

/** Makes the first root. Throws `CERTIFICATE_INVALID` when there is one already. */
export function initAuthority(folder: string, passphrase: Secret<string>): X509Certificate {
  checkPassphrase(passphrase);
  if (fs.existsSync(path.join(folder, FILE))) {
    throw failed(`there is an authority in ${folder} already. "postern ca rotate" replaces it with overlap`);
  }
  const pair = createRoot(ROOT_NAME);
  write(folder, { version: 1, roots: [rootOf('active', pair, passphrase)] });
  return new X509Certificate(pair.cert);
}

/** Begins a change of roots: the next one is handed out beside the active one, which goes on signing. */
export function stageNextRoot(folder: string, passphrase: Secret<string>): X509Certificate {
  const content = read(folder);
  if (content.roots.some(({ state }) => state === 'next')) {
    throw failed('a next root waits already. "postern ca rotate --finish" makes it sign');
  }
  openAuthority(folder, passphrase); // the new root must open with the passphrase of the old one
  const pair = createRoot(ROOT_NAME);
  write(folder, { ...content, roots: [...content.roots, rootOf('next', pair, passphrase)] });
  return new X509Certificate(pair.cert);
}

/** Ends it: the next root signs; the old one stays in what is handed out, until clients have the new one. */
export function activateNextRoot(folder: string): X509Certificate {
  const content = read(folder);
  const next = content.roots.find(({ state }) => state === 'next');
  if (next === undefined) throw failed('there is no next root. "postern ca rotate" makes one');
  const states = { active: 'retired', next: 'active', retired: 'retired' } as const;
  const roots = content.roots.map((root) => ({ ...root, state: states[root.state] }));
  write(folder, { ...content, roots });
  return new X509Certificate(next.cert);
}

/** The certificates that clients should trust, the active one first; those that expired are left out. */
export function exportedRoots(folder: string, now: number): readonly string[] {
  const order = ['active', 'next', 'retired'];
  return read(folder)
    .roots.filter(({ cert }) => new X509Certificate(cert).validToDate.getTime() > now)
    .toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    .map(({ cert }) => cert);
}

/** The certificate of the active root; empty when there is none. Throws `CERTIFICATE_INVALID`. */
export function activeRoot(folder: string): string {
  return read(folder).roots.find(({ state }) => state === 'active')?.cert ?? '';
}

/** The active root, ready to sign. Throws `CERTIFICATE_INVALID` when the passphrase is wrong. */
export function openAuthority(folder: string, passphrase: Secret<string>): Authority {
  const active = read(folder).roots.find(({ state }) => state === 'active');
  if (active === undefined) throw failed(`the authority in ${folder} has no active root`);
  try {
    return new Authority({ cert: active.cert, key: open(active.key, passphrase) });
  } catch (cause) {
    throw failed(
      `the key of the authority in ${folder} does not open: wrong passphrase, or a damaged file`,
      cause,
    );
  }
}
