import type { Principal, Role } from './principal.ts';

export interface UserRecord {
  readonly name: string;
  readonly role: Role;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
}

export interface TokenRecord {
  readonly name: string;
  readonly role: Role;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

/** People and programs that may call the API. Passwords are kept as argon2id, tokens as SHA-256. */
export interface AccountStore {
  /** Resolves with false when the name is taken. */
  addUser(name: string, password: string, role: Role): Promise<boolean>;
  /** A new password or role ends the user's sessions. Resolves with undefined when there is no such user. */
  changeUser(
    name: string,
    change: { readonly password?: string | undefined; readonly role?: Role | undefined },
  ): Promise<UserRecord | undefined>;
  removeUser(name: string): boolean;
  users(): readonly UserRecord[];
  /** Takes as long for a name that does not exist. */
  verifyPassword(name: string, password: string): Promise<UserRecord | undefined>;

  /** The token is returned once; undefined when the name is taken. */
  addToken(name: string, role: Role): string | undefined;
  removeToken(name: string): boolean;
  tokens(): readonly TokenRecord[];
  verifyToken(token: string): Principal | undefined;

  /** Changes with every password, so that older sessions end. Undefined: no such user. */
  sessionEpoch(name: string): { readonly epoch: number; readonly role: Role } | undefined;
  /** Ends every session of this user. */
  endSessions(name: string): void;
  /** Key that signs session cookies; the same after a restart. */
  cookieKey(): Uint8Array;
  close(): void;
}
