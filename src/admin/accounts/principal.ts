/** In rising order: each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

/** Who makes a call. */
export interface Principal {
  /** For the audit trail: `user:ann`, `token:exchange`. */
  readonly actor: string;
  readonly name: string;
  readonly role: Role;
  /** Browsers send cookies by themselves, so only these calls need protection against forged requests. */
  readonly via: 'cookie' | 'token';
}

export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
