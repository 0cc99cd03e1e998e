import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { GatewayError } from '../../base/errors.ts';
import { alternativeNames, type KeyPair, positiveSerial, writeCertificate } from './certificate-writer.ts';

export type { KeyPair };
export { positiveSerial };

const DAYS = 365;
const DAY_MS = 86_400_000;

/**
 * The pair in `directory`, made there when there is none; in memory only without a directory.
 * Throws `CERTIFICATE_INVALID` when the files cannot be read or written.
 */
export function bootstrapPair(directory: string | undefined, names: readonly string[]): KeyPair {
  if (directory === undefined) return createBootstrapPair(names);
  const certFile = path.join(directory, 'bootstrap-cert.pem');
  const keyFile = path.join(directory, 'bootstrap-key.pem');
  try {
    if (fs.existsSync(certFile) && fs.existsSync(keyFile)) {
      return { cert: fs.readFileSync(certFile, 'utf8'), key: fs.readFileSync(keyFile, 'utf8') };
    }
    const pair = createBootstrapPair(names);
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    fs.writeFileSync(keyFile, pair.key, { mode: 0o600 });
    fs.writeFileSync(certFile, pair.cert, { mode: 0o644 });
    return pair;
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_INVALID', `cannot keep the bootstrap certificate in ${directory}`, {
      cause,
    });
  }
}

/** A self-signed P-256 certificate. */
export function createBootstrapPair(names: readonly string[]): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = names[0] ?? 'postern.invalid';
  const fields = {
    subject,
    issuer: subject,
    serial: positiveSerial(randomBytes(16)),
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      alternativeNames(names),
    ],
  };
  return {
    cert: writeCertificate(fields, publicKey, privateKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
