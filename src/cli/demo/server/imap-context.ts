import type { ArgumentReader } from './argument-reader.ts';
import type { Connection } from './connection.ts';
import type { Account } from './mailbox.ts';
import type { SelectedMailbox } from './selected-mailbox.ts';

/** What a command of a logged-in session may use. */
export interface ImapContext {
  readonly connection: Connection;
  readonly account: Account;
  readonly selected: SelectedMailbox | undefined;
  /** Leaves the selected mailbox and enters another one, if any. */
  select(mailbox: SelectedMailbox | undefined): void;
  /** Sends one untagged line; text is one character for each byte. */
  untagged(line: string): void;
}

/** Runs a command; the result is the text of its tagged OK. Throws `Refusal` for NO and BAD. */
export type ImapCommand = (context: ImapContext, args: ArgumentReader) => string | Promise<string>;
/** A command of the selected state; `byUid` tells its UID form. */
export type SelectedCommand = (
  context: ImapContext,
  selected: SelectedMailbox,
  args: ArgumentReader,
  byUid: boolean,
) => string | Promise<string>;
