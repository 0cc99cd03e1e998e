import type { ApiClient } from './api-client.ts';
import type { Role, Who } from './answers.ts';

/** What every page gets. */
export interface View {
  readonly api: ApiClient;
  readonly who: Who;
  /** What stands behind the name of the page in the address. */
  readonly argument: string;
}

const RISING: readonly Role[] = ['viewer', 'operator', 'administrator'];

/** Whether to offer something. The server decides by itself. */
export function mayAct({ role }: Who, needed: Role): boolean {
  return RISING.indexOf(role) >= RISING.indexOf(needed);
}
