import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { createBootstrapPair, type KeyPair } from '../../src/gateway/tls/bootstrap-certificate.ts';

/** Self-signed, for `localhost` and the loopback addresses; made once, a key takes a fraction of a millisecond. */
export const LOCALHOST: KeyPair = createBootstrapPair(['localhost', '127.0.0.1', '::1']);

export function certificateFor(...names: string[]): KeyPair {
  return createBootstrapPair(names);
}

/** Writes `<name>.crt` and `<name>.key` into `folder`. */
export function writePair(folder: string, name: string, pair: KeyPair): { cert: string; key: string } {
  const files = { cert: path.join(folder, `${name}.crt`), key: path.join(folder, `${name}.key`) };
  fs.writeFileSync(files.cert, pair.cert);
  fs.writeFileSync(files.key, pair.key);
  return files;
}

export function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256;
}
