import { createHash, createPublicKey, verify } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../base/errors.ts';
import { MAX_RULE_FILE_BYTES, MAX_RULE_FILES, MAX_RULE_SET_BYTES } from './rule-loader.ts';

/** A manifest of as many files as a set may have. */
export const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
const ED25519_SIGNATURE_BYTES = 64;
/** What stands before the 32 bytes of an ed25519 key in its DER form (RFC 8410 section 4). */
const ED25519_DER_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
/** Plain names only: the path becomes a file of ours. */
const PATH = /^[\w-][\w.-]{0,99}(?:\/[\w-][\w.-]{0,99}){0,8}\.yara?$/;

const manifestSchema = z.strictObject({
  version: z.literal(1),
  /** Grows with every issue, so that an old one that was signed once cannot come back. */
  serial: z.int().min(1),
  files: z
    .array(
      z.strictObject({
        path: z.string().max(500).regex(PATH),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        bytes: z.int().min(0).max(MAX_RULE_FILE_BYTES),
      }),
    )
    .min(1)
    .max(MAX_RULE_FILES),
});

/** What a source offers: file names and their digests. */
export type SourceManifest = z.output<typeof manifestSchema>;

function refused(what: string, cause?: unknown): GatewayError {
  return new GatewayError('RULES_INVALID', what, { cause });
}

/** Reads a manifest. Throws `RULES_INVALID`. */
export function parseManifest(bytes: Uint8Array): SourceManifest {
  let manifest: SourceManifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw refused('what was fetched is not a manifest of rules', cause);
  }
  if (new Set(manifest.files.map(({ path }) => path.toLowerCase())).size < manifest.files.length) {
    throw refused('the manifest names a file twice');
  }
  if (manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) > MAX_RULE_SET_BYTES) {
    throw refused(`the files of the manifest exceed ${MAX_RULE_SET_BYTES} bytes`);
  }
  return manifest;
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Does `signature` (base64, the body of a `.sig` file) sign `bytes`? `publicKey` is the 32 bytes of an ed25519
 * key in base64. Throws `RULES_INVALID` when it does not.
 */
export function requireSignature(bytes: Uint8Array, signature: Uint8Array, publicKey: string): void {
  const raw = Buffer.from(Buffer.from(signature).toString('latin1').trim(), 'base64');
  const der = Buffer.concat([ED25519_DER_PREFIX, Buffer.from(publicKey, 'base64')]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  if (raw.byteLength !== ED25519_SIGNATURE_BYTES || !verify(null, bytes, key, raw)) {
    throw refused('the signature does not fit what was fetched');
  }
}

/** Throws `RULES_INVALID` when `bytes` are others than were promised. */
export function requireDigest(bytes: Uint8Array, sha256: string, what: string): void {
  if (digestOf(bytes) !== sha256) {
    throw refused(`${what} has another SHA-256 digest than was promised`);
  }
}
