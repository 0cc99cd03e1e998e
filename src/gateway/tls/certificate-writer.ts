import { createHash, type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';

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

/** RFC 5758 section 3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const SUBJECT_KEY_ID = '2.5.29.14';
const AUTHORITY_KEY_ID = '2.5.29.35';

export interface CertificateFields {
  /** Common name and nothing else: clients compare alternative names only. */
  readonly subject: string;
  readonly issuer: string;
  /** Hex, positive, without padding octet. */
  readonly serial: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** In the form of node-forge. */
  readonly extensions: readonly object[];
}

/**
 * A signed certificate, PEM. node-forge knows no EC keys: it writes the certificate with a placeholder, and key,
 * algorithm and signature are put in its place.
 */
export function writeCertificate(
  fields: CertificateFields,
  publicKey: KeyObject,
  signingKey: KeyObject,
): string {
  const spki = forge.asn1.fromDer(spkiOf(publicKey).toString('latin1'));
  const algorithm = sequence([objectId(ECDSA_WITH_SHA256)]);
  const tbs = replaceInTbs(forge.pki.getTBSCertificate(describe(fields)), algorithm, spki);
  const body = signedDer(tbs, algorithm, signingKey);
  return forge.pem.encode({ type: 'CERTIFICATE', body }).replaceAll('\r\n', '\n');
}

export function spkiOf(publicKey: KeyObject): Buffer {
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** Hex of a positive number in its shortest form: no sign bit and no padding octet (RFC 5280 section 4.1.2.2). */
export function positiveSerial(bytes: Uint8Array): string {
  const serial = Buffer.from(bytes);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial.toString('hex');
}

export function alternativeNames(names: readonly string[]): object {
  return {
    name: 'subjectAltName',
    altNames: names.map((name) =>
      /^[\d.]+$|:/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
    ),
  };
}

/** Which key it is, for chains with several authorities of like names (RFC 5280 section 4.2.1.2). */
export function subjectKeyId(publicKey: KeyObject): object {
  return { id: SUBJECT_KEY_ID, value: octets(keyIdOf(publicKey)) };
}

export function authorityKeyId(publicKey: KeyObject): object {
  const { asn1 } = forge;
  const id = asn1.create(asn1.Class.CONTEXT_SPECIFIC, asn1.Type.NONE, false, keyIdOf(publicKey));
  return { id: AUTHORITY_KEY_ID, value: sequence([id]) };
}

function keyIdOf(publicKey: KeyObject): string {
  return createHash('sha1').update(spkiOf(publicKey)).digest().toString('latin1');
}

function octets(bytes: string): forge.asn1.Asn1 {
  const { asn1 } = forge;
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, bytes);
}

function describe(fields: CertificateFields): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  // A placeholder that only has to encode; the real key replaces it.
  certificate.publicKey = forge.pki.setRsaPublicKey(
    new forge.jsbn.BigInteger('11', 16),
    new forge.jsbn.BigInteger('3', 16),
  );
  certificate.siginfo.algorithmOid = ECDSA_WITH_SHA256;
  certificate.serialNumber = fields.serial;
  certificate.validity.notBefore = fields.notBefore;
  certificate.validity.notAfter = fields.notAfter;
  certificate.setSubject([{ name: 'commonName', value: fields.subject }]);
  certificate.setIssuer([{ name: 'commonName', value: fields.issuer }]);
  certificate.setExtensions([...fields.extensions]);
  return certificate;
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
