import { runOk } from './program.ts';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** A real system user without privileges that every machine has. */
export async function unprivilegedUser(): Promise<SystemUser> {
  const name = 'nobody';
  const id = async (flag: string) => Number((await runOk('id', [flag, name])).stdout.toString());
  return { name, uid: await id('-u'), gid: await id('-g') };
}
