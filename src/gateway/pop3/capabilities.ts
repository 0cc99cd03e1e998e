/**
 * What a server may offer through us (protocol notes 3.4, 5.2): an allow-list, because a capability nobody here
 * knows may be one that carries content past the scanner.
 */
const KEPT = new Set([
  'TOP',
  'UIDL',
  'USER',
  'RESP-CODES',
  'AUTH-RESP-CODE',
  'PIPELINING',
  'EXPIRE',
  'LOGIN-DELAY',
  'UTF8',
  'LANG',
  'IMPLEMENTATION',
]);

/**
 * Mechanisms that end in plain POP3. Not among them: those with security layers (GSSAPI, DIGEST-MD5), those
 * bound to the TLS session (NTLM, `*-PLUS`), and EXTERNAL, whose certificate ends at the gateway.
 */
const PLAIN_MECHANISMS = new Set(['PLAIN', 'LOGIN', 'CRAM-MD5', 'XOAUTH2', 'OAUTHBEARER']);
const SCRAM = /^SCRAM-SHA-\d{1,3}(?:-\d{1,3})?$/u;

const NAME = /^[\x21-\x7e]{1,40}$/u;

export interface CapabilityView {
  /** May the client start TLS now? */
  readonly startTls: boolean;
  /** May the client log in now? */
  readonly login: boolean;
}

/** Does a mechanism list contain one with channel binding? Then SCRAM without it fails too (RFC 5802 section 6). */
export function offersPlus(mechanisms: readonly string[]): boolean {
  return mechanisms.some((name) => name.toUpperCase().endsWith('-PLUS'));
}

export function isMechanismKept(name: string, plusOffered: boolean): boolean {
  const upper = name.toUpperCase();
  return PLAIN_MECHANISMS.has(upper) || (!plusOffered && SCRAM.test(upper));
}

/** Words of a capability line; empty when it is not one. */
function parseCapability(line: string): readonly string[] {
  const words = line.split(' ').filter((word) => word !== '');
  return words.every((word) => NAME.test(word)) ? words : [];
}

/** All SASL mechanisms of a CAPA reply, as the server wrote them. */
export function saslMechanisms(lines: readonly string[]): readonly string[] {
  const sasl = lines.map(parseCapability).filter(([name]) => name?.toUpperCase() === 'SASL');
  return sasl.flatMap((words) => words.slice(1));
}

/** The lines of a CAPA reply as the client may see them, in the server's order, STLS last. */
export function rewriteCapabilities(lines: readonly string[], view: CapabilityView): string[] {
  const plusOffered = offersPlus(saslMechanisms(lines));
  const kept = lines.flatMap((line) => {
    const words = parseCapability(line);
    const [name = '', ...args] = words;
    const upper = name.toUpperCase();
    if (upper === 'SASL') {
      const mechanisms = args.filter((mechanism) => isMechanismKept(mechanism, plusOffered));
      return view.login && mechanisms.length > 0 ? [`SASL ${mechanisms.join(' ')}`] : [];
    }
    return KEPT.has(upper) && (view.login || upper !== 'USER') ? [words.join(' ')] : [];
  });
  return view.startTls ? [...kept, 'STLS'] : kept;
}
