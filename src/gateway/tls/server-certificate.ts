import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { CERTIFICATE_PROBLEMS } from '../../base/config/tls-filter-schema.ts';
import { spkiOf } from './certificate-writer.ts';

export type CertificateProblem = (typeof CERTIFICATE_PROBLEMS)[number];

/** NIST SP 800-131A and the baseline of browsers. */
const LEAST_RSA_BITS = 2048;
const WEAK_CURVES = new Set([
  'prime192v1',
  'prime192v2',
  'prime192v3',
  'secp160r1',
  'secp160k1',
  'secp192k1',
]);
const OUT_OF_TIME = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);
const WEAK_IN_CHAIN = new Set(['EE_KEY_TOO_SMALL', 'CA_KEY_TOO_SMALL', 'CA_MD_TOO_WEAK']);

/** Lower-case hex without colons, of the certificate and of its public key: lists may name either. */
export function fingerprintsOf(certificate: X509Certificate): readonly string[] {
  return [digest(certificate.raw), digest(spkiOf(certificate.publicKey))];
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface CertificateFacts {
  readonly certificate: X509Certificate;
  /** What the verification of the chain said; empty: it is good. */
  readonly chainError: string;
  /** The name the client asked for; empty: it did not, and compares names itself. */
  readonly name: string;
  readonly isRevoked: boolean;
}

/** The worst of what is wrong with a certificate. */
export function problemOf({
  certificate,
  chainError,
  name,
  isRevoked,
}: CertificateFacts): CertificateProblem | undefined {
  if (isRevoked) return 'revoked';
  if (WEAK_IN_CHAIN.has(chainError) || isWeak(certificate)) return 'weak';
  if (OUT_OF_TIME.has(chainError) || isOutOfTime(certificate)) return 'expired';
  if (chainError !== '') return 'untrusted';
  return name === '' || isFor(certificate, name) ? undefined : 'wrongHost';
}

function isWeak({ publicKey }: X509Certificate): boolean {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return (modulusLength ?? LEAST_RSA_BITS) < LEAST_RSA_BITS || WEAK_CURVES.has(namedCurve ?? '');
}

function isOutOfTime({ validFromDate, validToDate }: X509Certificate): boolean {
  const now = Date.now();
  return now < validFromDate.getTime() || now > validToDate.getTime();
}

function isFor(certificate: X509Certificate, name: string): boolean {
  return isIP(name) === 0
    ? certificate.checkHost(name, { subject: 'never' }) !== undefined
    : certificate.checkIP(name) !== undefined;
}

/** Host names and addresses of a certificate, as they may stand in another one. */
export function namesOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const found = [...subjectAltName.matchAll(/(?:DNS|IP Address):([^\s,"]+)/g)].map((match) => match[1] ?? '');
  return found
    .filter((name) => isIP(name) !== 0 || /^[\w*.-]{1,253}$/.test(name))
    .map((name) => name.toLowerCase());
}
