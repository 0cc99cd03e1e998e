import { parseMimeStructure, type MimePart } from './mime-structure.ts';

/** One message in memory; the bytes are served as they are. */
export class StoredMessage {
  readonly uid: number;
  readonly bytes: Buffer;
  readonly internalDate: Date;
  readonly flags: Set<string>;
  isExpunged = false;
  #structure: MimePart | undefined;

  constructor(uid: number, bytes: Buffer, internalDate: Date, flags: Iterable<string>) {
    this.uid = uid;
    this.bytes = bytes;
    this.internalDate = internalDate;
    this.flags = new Set(flags);
  }
  /** Parsed on first use. */
  get structure(): MimePart {
    this.#structure ??= parseMimeStructure(this.bytes);
    return this.#structure;
  }
}

/** A session that has the mailbox selected. */
export interface MailboxObserver {
  /** Messages came or went. */
  contentsChanged(): void;
  flagsChanged(message: StoredMessage): void;
}

export interface AppendOptions {
  readonly flags?: Iterable<string>;
  readonly internalDate?: Date;
}

export class Mailbox {
  readonly name: string;
  readonly uidValidity: number;
  uidNext = 1;
  readonly #messages: StoredMessage[] = [];
  readonly #observers = new Set<MailboxObserver>();

  constructor(name: string, uidValidity: number) {
    this.name = name;
    this.uidValidity = uidValidity;
  }
  /** In order of UID. */
  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }
  observe(observer: MailboxObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }
  append(bytes: Buffer, options: AppendOptions = {}): StoredMessage {
    const date = options.internalDate ?? new Date();
    const message = new StoredMessage(this.uidNext, bytes, date, options.flags ?? []);
    this.uidNext += 1;
    this.#messages.push(message);
    this.#announce();
    return message;
  }
  expunge(doomed: ReadonlySet<StoredMessage>): void {
    if (doomed.size === 0) {
      return;
    }
    for (const message of doomed) {
      message.isExpunged = true;
    }
    const kept = this.#messages.filter((message) => !message.isExpunged);
    this.#messages.splice(0, this.#messages.length, ...kept);
    this.#announce();
  }
  /** Tells every session but `by`. */
  flagsChanged(message: StoredMessage, by?: MailboxObserver): void {
    for (const observer of this.#observers) {
      if (observer !== by) {
        observer.flagsChanged(message);
      }
    }
  }
  #announce(): void {
    for (const observer of this.#observers) {
      observer.contentsChanged();
    }
  }
}

/** The mailboxes of one user. Names are case-sensitive but for INBOX. */
export class Account {
  readonly user: string;
  readonly password: string;
  readonly #mailboxes = new Map<string, Mailbox>();
  #nextValidity = 1;

  constructor(user: string, password: string) {
    this.user = user;
    this.password = password;
    for (const name of ['INBOX', 'Drafts', 'Sent', 'Trash']) {
      this.create(name);
    }
  }
  get inbox(): Mailbox {
    return this.get('INBOX') ?? this.create('INBOX');
  }
  list(): readonly Mailbox[] {
    return [...this.#mailboxes.values()];
  }
  get(name: string): Mailbox | undefined {
    return this.#mailboxes.get(canonicalName(name));
  }
  /** The existing mailbox of that name, or a new one. */
  create(name: string): Mailbox {
    const canonical = canonicalName(name);
    const mailbox = this.#mailboxes.get(canonical) ?? new Mailbox(canonical, this.#nextValidity++);
    this.#mailboxes.set(canonical, mailbox);
    return mailbox;
  }
  delete(name: string): boolean {
    return canonicalName(name) !== 'INBOX' && this.#mailboxes.delete(canonicalName(name));
  }
}

function canonicalName(name: string): string {
  return name.toUpperCase() === 'INBOX' ? 'INBOX' : name;
}
