/** How a command is treated. */
export interface Verb {
  readonly minArguments: number;
  readonly maxArguments: number;
  /**
   * plain: forwarded, may be pipelined. barrier: waits for all before it and is waited for, because it changes
   * what later commands mean. upload: its literals are messages. The others have their own handling.
   */
  readonly treatment:
    | 'plain'
    | 'barrier'
    | 'upload'
    | 'fetch'
    | 'id'
    | 'idle'
    | 'authenticate'
    | 'startTls'
    | 'enable';
  readonly needsLogin: boolean;
}

const MANY = 1_000;
const plain = (min: number, max: number, needsLogin = true): Verb => ({
  minArguments: min,
  maxArguments: max,
  treatment: 'plain',
  needsLogin,
});
const special = (treatment: Verb['treatment'], min: number, max: number, needsLogin = true): Verb => ({
  minArguments: min,
  maxArguments: max,
  treatment,
  needsLogin,
});

/**
 * The commands that pass, with their arity: Dovecot executes the literal of a command that takes no argument
 * as the next commands (protocol notes 6.1 row 6), so a wrong number of arguments never leaves the gateway.
 * Absent on purpose: COMPRESS, NOTIFY, CONVERT, URLFETCH, GENURLAUTH, RESETKEY, UNAUTHENTICATE, CANCELUPDATE,
 * GETANNOTATION, SETANNOTATION, RLIST, RLSUB.
 */
const VERBS: ReadonlyMap<string, Verb> = new Map([
  ['CAPABILITY', plain(0, 0, false)],
  ['NOOP', plain(0, 0, false)],
  ['LOGOUT', special('barrier', 0, 0, false)],
  ['ID', special('id', 1, 1, false)],
  ['STARTTLS', special('startTls', 0, 0, false)],
  ['LOGIN', special('barrier', 2, 2, false)],
  ['AUTHENTICATE', special('authenticate', 1, 2, false)],
  ['ENABLE', special('enable', 1, 50)],
  ['SELECT', special('barrier', 1, 2)],
  ['EXAMINE', special('barrier', 1, 2)],
  ['CLOSE', special('barrier', 0, 0)],
  ['UNSELECT', special('barrier', 0, 0)],
  ['CREATE', plain(1, 2)],
  ['DELETE', plain(1, 1)],
  ['RENAME', plain(2, 2)],
  ['SUBSCRIBE', plain(1, 1)],
  ['UNSUBSCRIBE', plain(1, 1)],
  ['LIST', plain(2, MANY)],
  ['LSUB', plain(2, 2)],
  ['XLIST', plain(2, 2)],
  ['NAMESPACE', plain(0, 0)],
  ['STATUS', plain(2, 2)],
  ['APPEND', special('upload', 2, MANY)],
  ['REPLACE', special('upload', 3, MANY)],
  ['IDLE', special('idle', 0, 0)],
  ['CHECK', plain(0, 0)],
  ['EXPUNGE', plain(0, 0)],
  ['SEARCH', plain(1, MANY)],
  ['ESEARCH', plain(1, MANY)],
  ['SORT', plain(3, MANY)],
  ['THREAD', plain(3, MANY)],
  ['FETCH', special('fetch', 2, 3)],
  ['STORE', plain(3, MANY)],
  ['COPY', plain(2, 2)],
  ['MOVE', plain(2, 2)],
  ['UIDBATCHES', plain(1, 3)],
  ['GETQUOTA', plain(1, 1)],
  ['GETQUOTAROOT', plain(1, 1)],
  ['SETQUOTA', plain(2, 2)],
  ['GETACL', plain(1, 1)],
  ['SETACL', plain(3, 3)],
  ['DELETEACL', plain(2, 2)],
  ['LISTRIGHTS', plain(2, 2)],
  ['MYRIGHTS', plain(1, 1)],
  ['GETMETADATA', plain(2, 3)],
  ['SETMETADATA', plain(2, 2)],
  ['XAPPLEPUSHSERVICE', plain(1, 20)],
  ['UID FETCH', special('fetch', 2, 3)],
  ['UID STORE', plain(3, MANY)],
  ['UID COPY', plain(2, 2)],
  ['UID MOVE', plain(2, 2)],
  ['UID SEARCH', plain(1, MANY)],
  ['UID SORT', plain(3, MANY)],
  ['UID THREAD', plain(3, MANY)],
  ['UID EXPUNGE', plain(1, 1)],
  ['UID REPLACE', special('upload', 3, MANY)],
]);

/** The treatment of a command (`FETCH`, `UID FETCH`), or nothing when it is not allowed. Any case. */
export function verbOf(name: string): Verb | undefined {
  return VERBS.get(name.toUpperCase());
}
