import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { runOk } from './program.ts';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const REQUEST = [
  'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' '),
  ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
].flat();

/** A self-signed certificate for localhost and 127.0.0.1, as PEM files in `folder`. */
export async function selfSigned(folder: string): Promise<Certificate> {
  const cert = join(folder, 'certificate.pem');
  const key = join(folder, 'key.pem');
  await runOk('openssl', [...REQUEST, '-keyout', key, '-out', cert]);
  await chmod(key, 0o644); // servers that drop their privileges read it; it lives for one test
  return { cert, key };
}
