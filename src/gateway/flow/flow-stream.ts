/** What a stream is told; never from inside a call of its own. */
export interface FlowOwner {
  /** There is room: its peers may be read again. */
  resumed(): void;
  /** Nobody made room in the time that a server tolerates. Said once for each pause. */
  overdue(): void;
  /** Others wait: what is kept only for speed should go. */
  shed(): void;
}

/** Who decides. */
export interface FlowKeeper {
  /** `stream` wants more than it was granted. */
  admit(stream: FlowStream): void;
  /** `stream` was granted more than it wants. */
  settle(stream: FlowStream): void;
  rename(stream: FlowStream, user: string): void;
  forget(stream: FlowStream): void;
  isWaiting(stream: FlowStream): boolean;
}

/** The held messages of one session, as far as the budget is concerned. Bytes. */
export class FlowStream {
  readonly owner: FlowOwner;
  readonly #keeper: FlowKeeper;
  #user: string;
  #wanted = 0;
  /** Changed by the keeper only. */
  granted = 0;
  /** Of the keeper, who finds it there. */
  place = -1;

  constructor(keeper: FlowKeeper, owner: FlowOwner, user: string) {
    this.#keeper = keeper;
    this.owner = owner;
    this.#user = user;
  }

  /** Whose share it is. */
  get user(): string {
    return this.#user;
  }

  /** What its messages will take when they are whole. */
  get wanted(): number {
    return this.#wanted;
  }

  get missing(): number {
    return Math.max(0, this.#wanted - this.granted);
  }

  /** Nothing more may be read for it. */
  get isPaused(): boolean {
    return this.#keeper.isWaiting(this);
  }

  want(bytes: number): void {
    this.#wanted += bytes;
    if (this.missing > 0) this.#keeper.admit(this);
  }

  give(bytes: number): void {
    this.#wanted -= bytes;
    this.#keeper.settle(this);
  }

  rename(user: string): void {
    this.#keeper.rename(this, user);
    this.#user = user;
  }

  /** The session is over; messages that a scan still reads are given back later. */
  close(): void {
    this.#keeper.forget(this);
  }
}
