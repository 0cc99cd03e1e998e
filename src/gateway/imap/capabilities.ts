/** Where the connection stands, as far as the capability list depends on it. */
export interface CapabilityContext {
  readonly offerStartTls: boolean;
  /** Login is refused until TLS is on. */
  readonly loginDisabled: boolean;
}

/**
 * What passes; everything else is hidden (protocol notes 3.4). Left out on purpose: COMPRESS=DEFLATE (blinds
 * the gateway), NOTIFY, CONVERT, URLAUTH*, PREVIEW*, SNIPPET*, CONTEXT=* (push or derive content), CATENATE with
 * URLs of other mailboxes stays since its result is scanned when fetched, *-REFERRALS and JMAPACCESS (round the
 * gateway), UNAUTHENTICATE (identity changes), ANNOTATE-* (user text beside messages), AUTH=EXTERNAL, *-PLUS
 * and mechanisms with security layers.
 */
const KEPT = new Set([
  'IMAP4',
  'IMAP4REV1',
  'IMAP4REV2',
  'SASL-IR',
  'IDLE',
  'ENABLE',
  'ID',
  'CONDSTORE',
  'QRESYNC',
  'UIDPLUS',
  'MOVE',
  'ESEARCH',
  'SEARCHRES',
  'MULTISEARCH',
  'SPECIAL-USE',
  'CREATE-SPECIAL-USE',
  'NAMESPACE',
  'UNSELECT',
  'CHILDREN',
  'WITHIN',
  'STATUS=SIZE',
  'SAVEDATE',
  'OBJECTID',
  'QUOTA',
  'QUOTASET',
  'ACL',
  'METADATA',
  'METADATA-SERVER',
  'XLIST',
  'X-GM-EXT-1',
  'XAPPLEPUSHSERVICE',
  'MULTIAPPEND',
  'CATENATE',
  'BINARY',
  'REPLACE',
  'LITERAL+',
  'LITERAL-',
  'APPENDLIMIT',
  'PARTIAL',
  'UIDBATCHES',
  'UIDONLY',
  'MESSAGELIMIT',
  'SAVELIMIT',
  'INPROGRESS',
  'LIST-EXTENDED',
  'LIST-STATUS',
  'LIST-MYRIGHTS',
  'LIST-METADATA',
  'SORT',
  'SORT=DISPLAY',
  'ESORT',
  'FILTERS',
  'I18NLEVEL=1',
  'I18NLEVEL=2',
  'FUZZY',
  'SEARCH=FUZZY',
]);
const KEPT_PREFIXES = [
  'THREAD=',
  'RIGHTS=',
  'QUOTA=',
  'APPENDLIMIT=',
  'MESSAGELIMIT=',
  'SAVELIMIT=',
  'UTF8=',
  'UIDBATCHES=',
];
const KEPT_MECHANISMS = new Set(['PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER', 'CRAM-MD5']);

/** Extensions that a client may switch on; the same reasons as above. */
const KEPT_ENABLE = new Set([
  'CONDSTORE',
  'QRESYNC',
  'UTF8=ACCEPT',
  'UTF8=ONLY',
  'IMAP4REV2',
  'UIDONLY',
  'METADATA',
  'METADATA-SERVER',
]);

/**
 * SCRAM has to go with its -PLUS: a client that can bind channels and is offered none says so, and a server
 * that can must then fail the login (RFC 5802 section 6).
 */
function mayAuthenticate(mechanism: string, offersBinding: boolean): boolean {
  if (mechanism.startsWith('SCRAM-')) {
    return !offersBinding && !mechanism.endsWith('-PLUS');
  }
  return KEPT_MECHANISMS.has(mechanism);
}

function passes(token: string, offersBinding: boolean): boolean {
  const upper = token.toUpperCase();
  if (upper.startsWith('AUTH=')) {
    return mayAuthenticate(upper.slice('AUTH='.length), offersBinding);
  }
  return KEPT.has(upper) || KEPT_PREFIXES.some((prefix) => upper.startsWith(prefix));
}

/** A server says the same to every client, before and behind the login; lists beyond these are judged each time. */
const MAX_KNOWN_LISTS = 64;
/** Characters; the longest list seen has 900. */
const MAX_KNOWN_LENGTH = 4_096;
const knownLists = new Map<string, readonly string[]>();

/**
 * The list a client may see, from the list of the server: same order, never empty. What was judged is remembered: it
 * took 3 % of a short session.
 */
export function rewriteCapabilities(
  tokens: readonly string[],
  context: CapabilityContext,
): readonly string[] {
  const key = `${context.offerStartTls} ${context.loginDisabled} ${tokens.join(' ')}`;
  const known = knownLists.get(key);
  if (known !== undefined) return known;
  const list = visibleList(tokens, context);
  if (knownLists.size < MAX_KNOWN_LISTS && key.length <= MAX_KNOWN_LENGTH) knownLists.set(key, list);
  return list;
}

function visibleList(tokens: readonly string[], context: CapabilityContext): readonly string[] {
  const offersBinding = tokens.some((token) => /^AUTH=.*-PLUS$/i.test(token));
  const kept = tokens.filter((token) => /^[\x21-\x7e]{1,64}$/.test(token) && passes(token, offersBinding));
  const visible = context.loginDisabled ? kept.filter((token) => !/^(AUTH=|SASL-IR$)/i.test(token)) : kept;
  const list = visible.some((token) => /^IMAP4rev[12]$/i.test(token)) ? visible : ['IMAP4rev1', ...visible];
  return [
    ...list,
    ...(context.offerStartTls ? ['STARTTLS'] : []),
    ...(context.loginDisabled ? ['LOGINDISABLED'] : []),
  ];
}

/** May this mechanism be used, given what the server offered? Unknown offers decide by mechanism alone. */
export function isMechanismAllowed(mechanism: string, serverTokens: readonly string[]): boolean {
  return mayAuthenticate(
    mechanism.toUpperCase(),
    serverTokens.some((token) => /^AUTH=.*-PLUS$/i.test(token)),
  );
}

export function keptEnable(names: readonly string[]): readonly string[] {
  return names.filter((name) => KEPT_ENABLE.has(name.toUpperCase()));
}
