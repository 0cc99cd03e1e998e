/** Limits of a POP3 session. Each is final: what breaks one is not parsed any further. */

/** Octets of a command line with its CRLF (RFC 2449 section 4). */
export const MAX_COMMAND_OCTETS = 255;

/** Octets of an AUTH command or of one step of it, with CRLF (RFC 5034 section 4: 12,288). */
export const MAX_AUTH_OCTETS = 12_288;

/** Octets of a reply line that we send, with CRLF (RFC 2449 section 4). */
export const MAX_REPLY_OCTETS = 512;

/** Octets of a reply or list line that we accept: servers exceed 512, and clients like poplib end at 2048. */
export const MAX_UPSTREAM_LINE_OCTETS = 2048;

/** Lines of a reply that is kept until it is whole (CAPA, LANG, AUTH). Real ones have about ten. */
export const MAX_COLLECTED_LINES = 64;

/** Steps of one AUTH exchange. GSSAPI, the longest known, needs four and is refused anyway. */
export const MAX_AUTH_STEPS = 16;

/** Commands whose reply is outstanding; further ones wait unparsed. */
export const MAX_OUTSTANDING = 64;

/** Messages that are fetched or judged at one time, so that a pipelining client cannot fill the spool. */
export const MAX_RETRIEVALS = 4;

/** Octets that a client may send ahead of what is parsed: one AUTH step before login, a long pipeline after it. */
export const MAX_BACKLOG_BEFORE_LOGIN = 16_384;
export const MAX_BACKLOG = 262_144;

/** Unparsed octets above which the session had better stop reading the client. */
export const SATURATED_BACKLOG = 4096;

/** Commands nobody knows before the session ends. Before login it is low: cross-protocol attacks (ALPACA). */
export const MAX_BAD_COMMANDS_BEFORE_LOGIN = 3;
export const MAX_BAD_COMMANDS = 20;

/** Octets of a header block that are judged by themselves; above it the whole message is fetched. */
export const MAX_HEADER_OCTETS = 262_144;

/** UIDLs that are remembered for a session, to name messages; further ones are named by number and size. */
export const MAX_REMEMBERED_UIDLS = 10_000;

/** Retrievals after which a session counts as a sync and leaves the interactive lane. */
export const INTERACTIVE_RETRIEVALS = 3;

/** Keep-alive ticks (8 s at most) between two NOOPs to the server: well below the 10 minutes of RFC 1939. */
export const TICKS_PER_UPSTREAM_NOOP = 30;
