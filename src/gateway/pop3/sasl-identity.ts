/** Longest name that is taken over; RFC 4616 limits authcid to 255 octets. */
const MAX_NAME_OCTETS = 255;

/** Learns from a SASL exchange who logs in. Keeps the name only, never what proves it. */
export class SaslIdentity {
  readonly #mechanism: string;
  #step = 0;
  #user = '';

  constructor(mechanism: string) {
    this.#mechanism = mechanism.toUpperCase();
  }

  /** Empty when unknown. */
  get user(): string {
    return this.#user;
  }

  /** @param response base64 as the client sent it. */
  observe(response: string): void {
    this.#step += 1;
    if (this.#step === 1 || this.#mechanism === 'CRAM-MD5') {
      this.#user ||= cleanName(this.#extract(Buffer.from(response, 'base64').toString('utf8')));
    }
  }

  #extract(message: string): string {
    switch (this.#mechanism) {
      case 'PLAIN':
        return message.split('\0')[1] ?? '';
      case 'LOGIN':
        return message;
      case 'CRAM-MD5':
        return message.slice(0, Math.max(0, message.lastIndexOf(' ')));
      case 'XOAUTH2':
        return /^user=([^\x01]*)\x01/u.exec(message)?.[1] ?? '';
      case 'OAUTHBEARER':
        return /^[ny](?:=[^,]*)?,a=([^,]*),/u.exec(message)?.[1] ?? '';
      default:
        return /^[nyp](?:=[^,]*)?,[^,]*,n=([^,]*)/u.exec(message)?.[1] ?? '';
    }
  }
}

/** A name for logs and policy: bounded, without control characters. */
export function cleanName(name: string): string {
  const printable = name.replace(/[\x00-\x1f\x7f]/gu, '');
  return Buffer.from(printable).subarray(0, MAX_NAME_OCTETS).toString('utf8');
}
