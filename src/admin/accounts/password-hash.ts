import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane; about 50 ms of one thread. */
const MEMORY_KIB = 19_456;
const PASSES = 2;
const LANES = 1;
const HASH_BYTES = 32;
const SALT_BYTES = 16;

const derive = promisify(argon2);

async function hashOf(password: string, nonce: Buffer): Promise<Buffer> {
  return derive('argon2id', {
    message: Buffer.from(password.normalize('NFC')),
    nonce,
    parallelism: LANES,
    tagLength: HASH_BYTES,
    memory: MEMORY_KIB,
    passes: PASSES,
  });
}

/** In the usual notation, so that its parameters can change later. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await hashOf(password, salt);
  const parameters = `m=${MEMORY_KIB},t=${PASSES},p=${LANES}`;
  return ['', 'argon2id', 'v=19', parameters, salt.toString('base64url'), hash.toString('base64url')].join(
    '$',
  );
}

/** Resolves with false for every text that is no hash of ours. */
export async function isPasswordOf(password: string, stored: string): Promise<boolean> {
  const [, kind, , , salt = '', hash = ''] = stored.split('$');
  const expected = Buffer.from(hash, 'base64url');
  const actual = await hashOf(password, Buffer.from(salt.padEnd(11, 'A'), 'base64url'));
  return kind === 'argon2id' && expected.byteLength === HASH_BYTES && timingSafeEqual(actual, expected);
}
