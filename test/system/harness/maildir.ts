import { chown, mkdir, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Arrival time of the first delivered message; fixed, so that INTERNALDATE can be compared. */
const FIRST_ARRIVAL_S = 1_767_000_000;

/** Whom the mail belongs to. */
export interface MailOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Makes `home` and a maildir in it. */
export async function createMaildir(home: string, owner: MailOwner): Promise<void> {
  const maildir = join(home, 'Maildir');
  for (const folder of [home, maildir, ...['tmp', 'new', 'cur'].map((name) => join(maildir, name))]) {
    await mkdir(folder, { recursive: true });
    await chown(folder, owner.uid, owner.gid);
  }
}

/** Puts a message exactly as it is into a maildir. A greater `number` is a later message with a higher UID. */
export async function deliverInto(
  home: string,
  owner: MailOwner,
  number: number,
  bytes: Uint8Array,
): Promise<void> {
  const arrival = FIRST_ARRIVAL_S + number;
  // the sizes in the name save the server the reading of every file
  const name = `${arrival}.M${number}P1.localhost,S=${bytes.length},W=${bytes.length}`;
  const draft = join(home, 'Maildir/tmp', name);
  await writeFile(draft, bytes);
  await chown(draft, owner.uid, owner.gid);
  await utimes(draft, arrival, arrival);
  await rename(draft, join(home, 'Maildir/new', name));
}
