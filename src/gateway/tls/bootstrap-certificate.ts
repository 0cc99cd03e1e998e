import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import forge from 'node-forge';
import { GatewayError } from '../../base/errors.ts';

declare module 'node-forge' {
  namespace pki {
    /** The part of a certificate that is signed; missing in the published types. */
    function getTBSCertificate(certificate: Certificate): asn1.Asn1;
  }
}

/** Certificate chain and private key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

const DAYS = 365;
const DAY_MS = 86_400_000;
/** RFC 5758 section 3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';

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

/** A self-signed P-256 certificate. node-forge knows no EC keys, so that the key and signature are spliced in. */
export function createBootstrapPair(names: readonly string[]): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const certificate = describeCertificate(names);
  const spki = forge.asn1.fromDer(publicKey.export({ type: 'spki', format: 'der' }).toString('latin1'));
  const algorithm = sequence([objectId(ECDSA_WITH_SHA256)]);
  const tbs = replaceInTbs(forge.pki.getTBSCertificate(certificate), algorithm, spki);
  const der = signedDer(tbs, algorithm, privateKey);
  return {
    cert: forge.pem.encode({ type: 'CERTIFICATE', body: der }).replaceAll('\r\n', '\n'),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function describeCertificate(names: readonly string[]): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  // A placeholder that only has to encode; the real key replaces it.
  certificate.publicKey = forge.pki.setRsaPublicKey(
    new forge.jsbn.BigInteger('11', 16),
    new forge.jsbn.BigInteger('3', 16),
  );
  certificate.siginfo.algorithmOid = ECDSA_WITH_SHA256;
  certificate.serialNumber = positiveSerial(randomBytes(16));
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + DAYS * DAY_MS);
  const subject = [{ name: 'commonName', value: names[0] ?? 'postern.invalid' }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: names.map(alternativeName) },
  ]);
  return certificate;
}

/** Hex of a positive number in its shortest form: no sign bit and no padding octet (RFC 5280 section 4.1.2.2). */
export function positiveSerial(bytes: Uint8Array): string {
  const serial = Buffer.from(bytes);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial.toString('hex');
}

function alternativeName(name: string): { type: number; value?: string; ip?: string } {
  return /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name };
}

/** TBSCertificate: [0] version, serial, signature algorithm, issuer, validity, subject, SPKI, extensions. */
function replaceInTbs(tbs: forge.asn1.Asn1, algorithm: forge.asn1.Asn1, spki: forge.asn1.Asn1) {
  const fields = Array.isArray(tbs.value) ? [...tbs.value] : [];
  fields[2] = algorithm;
  fields[6] = spki;
  return sequence(fields);
}

function signedDer(tbs: forge.asn1.Asn1, algorithm: forge.asn1.Asn1, key: KeyObject): string {
  const { asn1 } = forge;
  const bytes = Buffer.from(asn1.toDer(tbs).getBytes(), 'latin1');
  const signature = sign('sha256', bytes, key).toString('latin1');
  // The first octet of a BIT STRING counts unused bits.
  const bits = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${signature}`);
  return asn1.toDer(sequence([tbs, algorithm, bits])).getBytes();
}

function sequence(values: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, values);
}

function objectId(dotted: string): forge.asn1.Asn1 {
  const { asn1 } = forge;
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(dotted).getBytes());
}
