/** Bounds of one IMAP conversation. Each one: why it exists. Reached means the named refusal, never a guess. */
export const IMAP_LIMITS = {
  /** Text of one command without its literals. Thunderbird and K-9 send long UID lists; Dovecot stops at 64 KiB. */
  commandLineBytes: 65_536,
  /** Literals of one command that is not an upload: mailbox names, passwords, search strings. */
  commandLiteralBytes: 65_536,
  /** What a client may send before it was greeted (protocol notes 6.5). */
  earlyBytes: 8_192,
  /** Arguments and list elements of one command. */
  commandNodes: 20_000,
  /** One AUTHENTICATE line; OAuth tokens are the longest (RFC 9051 has no figure; Dovecot takes 16 KiB). */
  saslLineBytes: 16_384,
  /** Text of one response without content literals; SEARCH of a million messages takes about 7 MB. */
  responseLineBytes: 8_388_608,
  /** A literal that is not message content: a mailbox name, an ENVELOPE string. */
  metadataLiteralBytes: 1_048_576,
  /** A literal where a plain value stands (a date), or a header name in a section: neither is long. */
  metadataValueBytes: 1_000,
  /** Parenthesis depth of a command; search keys nest by hand only. */
  commandDepth: 64,
  /** Parenthesis depth of a response; THREAD nests with the conversation (Dovecot CVE-2026-27857). */
  responseDepth: 4_096,
  /** Items of one FETCH response. */
  fetchItems: 2_000,
  /** Commands sent upstream and not completed; mbsync pipelines without a limit, so reading pauses instead. */
  outstandingCommands: 64,
  /** Bad commands before login, after which the session ends (ALPACA; Dovecot allows 20 after login). */
  badCommandsBeforeLogin: 3,
  badCommands: 20,
  /** Literals of one upload command (MULTIAPPEND). */
  uploadLiterals: 100,
  /** Free text of one status response that is passed on. */
  statusTextBytes: 1_000,
  /** Pairs of an ID command (RFC 2971 section 3.3). */
  idPairs: 30,
  idKeyBytes: 30,
  idValueBytes: 1_024,
  /** Scanned messages kept for following ranges, and for how long: a chunking client reads one at a time. */
  keptMessages: 2,
  keptMs: 600_000,
} as const;
