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
const VERSIONS = new Set(['IMAP4REV1', 'IMAP4REV2']);
const AUTH = 'AUTH=';
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

/** `upper`: a token in capitals. */
function passes(upper: string, offersBinding: boolean): boolean {
  if (KEPT.has(upper)) return true; // most are
  return upper.startsWith(AUTH)
    ? mayAuthenticate(upper.slice(AUTH.length), offersBinding)
    : KEPT_PREFIXES.some((prefix) => upper.startsWith(prefix));
}

/** The list a client may see, from the list of the server: same order, never empty. */
export function rewriteCapabilities(
  tokens: readonly string[],
  context: CapabilityContext,
): readonly string[] {
  const uppers = tokens.map((token) => (/^[\x21-\x7e]{1,64}$/.test(token) ? token.toUpperCase() : ''));
  const offersBinding = uppers.some((upper) => upper.startsWith(AUTH) && upper.endsWith('-PLUS'));
  const mayLogIn = (upper: string): boolean =>
    !context.loginDisabled || !(upper.startsWith(AUTH) || upper === 'SASL-IR');
  const isVisible = uppers.map((upper) => passes(upper, offersBinding) && mayLogIn(upper));
  const hasVersion = uppers.some((upper, index) => isVisible[index] === true && VERSIONS.has(upper));
  return [
    ...(hasVersion ? [] : ['IMAP4rev1']),
    ...tokens.filter((_, index) => isVisible[index] === true),
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
