import {
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import {
  alternativeNames,
  authorityKeyId,
  type KeyPair,
  positiveSerial,
  subjectKeyId,
  writeCertificate,
} from './certificate-writer.ts';

const DAY_MS = 86_400_000;
/** Clients get it once; it is replaced by hand, with overlap. */
const ROOT_DAYS = 3650;
/** Apple refuses leaves of private authorities above 825 days; half a year is renewed often enough to work. */
const LEAF_DAYS = 180;
/** RFC 5280: ub-common-name. */
const MAX_COMMON_NAME = 64;
/** A certificate with more names is one of a web farm; the client needs its own name only. */
const MAX_NAMES = 100;

/** What a leaf has to say. */
export interface LeafRequest {
  /** Host names and addresses, at least one. */
  readonly names: readonly string[];
  /** The server's own certificate ends then: ours must not promise more. */
  readonly notAfter?: Date | undefined;
}

/** A root that signs certificates under the names of mail servers. One key serves all leaves. */
export class Authority {
  readonly certificate: X509Certificate;
  readonly #pem: string;
  readonly #key: KeyObject;
  readonly #leafKeys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #leafKeyPem: string;
  readonly #issuerKeyId: object;

  constructor({ cert, key }: { readonly cert: string; readonly key: string | KeyObject }) {
    this.#pem = cert;
    this.certificate = new X509Certificate(cert);
    this.#key = typeof key === 'string' ? createPrivateKey(key) : key;
    this.#leafKeyPem = this.#leafKeys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    this.#issuerKeyId = authorityKeyId(this.certificate.publicKey);
  }

  get pem(): string {
    return this.#pem;
  }

  /** For another thread that signs in its place; the key stays inside this process. */
  signer(): { readonly cert: string; readonly key: KeyObject } {
    return { cert: this.#pem, key: this.#key };
  }

  /** Chain (leaf and root) and key, well below a millisecond. Throws `RangeError` without a name. */
  mint({ names, notAfter }: LeafRequest): KeyPair {
    const usable = names.slice(0, MAX_NAMES);
    const [first] = usable;
    if (first === undefined) throw new RangeError('a certificate needs a name');
    const fields = {
      subject: usable.find((name) => name.length <= MAX_COMMON_NAME && isIP(name) === 0) ?? 'mail server',
      issuer: commonNameOf(this.certificate),
      serial: positiveSerial(randomBytes(16)),
      notBefore: new Date(Date.now() - DAY_MS),
      notAfter: earliest(new Date(Date.now() + LEAF_DAYS * DAY_MS), this.certificate.validToDate, notAfter),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        alternativeNames(usable),
        this.#issuerKeyId,
      ],
    };
    const leaf = writeCertificate(fields, this.#leafKeys.publicKey, this.#key);
    return { cert: `${leaf}${this.#pem}`, key: this.#leafKeyPem };
  }
}

function earliest(...dates: readonly (Date | undefined)[]): Date {
  return new Date(Math.min(...dates.flatMap((date) => (date === undefined ? [] : [date.getTime()]))));
}

function commonNameOf({ subject }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(subject)?.[1] ?? '';
}

/** A new root: certificate and unencrypted key. The name differs each time, so that clients can hold several. */
export function createRoot(name: string): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = `${name} ${randomBytes(4).toString('hex')}`;
  const fields = {
    subject,
    issuer: subject,
    serial: positiveSerial(randomBytes(16)),
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + ROOT_DAYS * DAY_MS),
    extensions: [
      // No further authorities below it: whoever steals a leaf key cannot sign.
      { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      subjectKeyId(publicKey),
    ],
  };
  return {
    cert: writeCertificate(fields, publicKey, privateKey),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
