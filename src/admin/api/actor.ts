import type { Principal } from '../accounts/principal.ts';
import { ApiError } from './api-error.ts';
import type { Call } from './route.ts';

/** Who makes the call. The guard has let nobody through who is not known; this says so to the compiler. */
export function principalOf({ principal }: Call): Principal {
  if (principal === undefined) throw new ApiError('unauthenticated', 'log in first');
  return principal;
}

export function actorOf(call: Call): string {
  return principalOf(call).actor;
}
