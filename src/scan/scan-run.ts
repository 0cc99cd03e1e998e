import { type Budget, ScanLimitError } from './budget.ts';
import { ContentKey } from './content-key.ts';
import { DamagedCopies, isLastOf } from './damaged-copies.ts';
import { KnownAnswers } from './known-answers.ts';
import { laterOf, withoutBytes } from './late-bytes.ts';
import { looksLikeMessage } from './mime/message-sniff.ts';
import { readMime } from './mime/mime-reader.ts';
import type { MimeSource } from './mime/mime-sink.ts';
import type { Span } from './mime/multipart.ts';
import { PasswordSources } from './password-sources.ts';
import { PieceMatching } from './piece-matching.ts';
import {
  noteDeclared,
  noteMeeting,
  type Origin,
  partOf,
  PieceLedger,
  type PieceRecord,
} from './piece-ledger.ts';
import type { PipelineResult, RunParts } from './pipeline-parts.ts';
import type { Piece } from './piece.ts';
import { joined, keptStretches, wholeOf } from './raw-remainder.ts';
import { withReadings } from './reading-allowance.ts';
import { Repetitions } from './repetitions.ts';
import type { ScanSubject } from './scanner.ts';
import { readWithMailparser } from './readers/mailparser-reader.ts';
import { ScanOutcome } from './scan-outcome.ts';
import { isSpelling } from './spellers.ts';
import { isViewOf, mayFollow, stepOf } from './spelling-order.ts';
import { quotationOf, surroundingsIn } from './surroundings.ts';
import type { Trouble } from './troubles.ts';
import type { Unpacker } from './unpack/unpacker.ts';
import { withoutWholeUu } from './unpack/whole-uu.ts';
import { UnpackYield } from './unpack-yield.ts';
import { Volumes } from './volumes.ts';
import type { Meeting, Waiting } from './waiting-piece.ts';

/** What is scanned. */
export interface RunInput {
  readonly message: Buffer;
  readonly subject: ScanSubject;
  /** Of the message, lower-case hex, when it is known. */
  readonly sha256?: string | undefined;
}

/** Where a message stands that is read. */
type Place = Omit<MimeSource, 'bytes'> & { readonly isSpelled: boolean };

const DEFAULT_SAMPLE_EVERY = 64;

/** A sample is to show differences between readers; large messages show none that small ones do not. */
const MAX_SAMPLE_BYTES = 256 * 1024;

/** The subject, which may hold a password, stands in the first bytes. */
const SUBJECT_WITHIN_BYTES = 16 * 1024;

/** One scan of one message: a stack of pieces that grows by reading and unpacking until all are judged. */
export class ScanRun {
  /** The guilty ranges may not be all: the message with them overwritten has to be looked at again. */
  needsProof = false;
  readonly #parts: RunParts;
  readonly #message: Buffer;
  readonly #subject: ScanSubject;
  readonly #content: ContentKey;
  readonly #budget: Budget;
  readonly #ledger = new PieceLedger();
  readonly #outcome = new ScanOutcome();
  readonly #matching: PieceMatching;
  readonly #passwords = new PasswordSources();
  readonly #waiting: Waiting[] = [];
  readonly #cuts: Span[] = [];
  readonly #copies = new DamagedCopies();
  readonly #volumes = new Volumes();
  readonly #repetitions: Repetitions;
  readonly #withoutUu = new KnownAnswers<Piece, Piece>();
  #unusual = false;

  constructor(parts: RunParts, { message, subject, sha256 }: RunInput, budget: Budget) {
    this.#parts = parts;
    this.#message = message;
    this.#subject = subject;
    this.#content = ContentKey.ofMessage(message, sha256);
    this.#budget = budget;
    this.#repetitions = new Repetitions(budget.limits.maxPieces);
    this.#matching = new PieceMatching(parts, this.#outcome, budget);
  }

  async run(): Promise<PipelineResult> {
    const started = this.#parts.now();
    const { sha256 } = this.#content;
    await this.#outcome.attempt(undefined, 'malformed', 'scan', () => this.#judgeAll(this.#content));
    await this.#outcome.attempt(undefined, 'engine-failed', 'scan', () => this.#matching.finish());
    for (const { record, cause, detail } of this.#copies.damages()) {
      this.#outcome.fail(record, cause, detail);
    }
    const totalMs = this.#parts.now() - started;
    return {
      verdict: this.#outcome.verdict(),
      guilt: this.#guilt(),
      sha256,
      pieces: this.#matching.count,
      decodeMs: Math.max(0, totalMs - this.#matching.matchMs),
      matchMs: this.#matching.matchMs,
    };
  }

  async #judgeAll(content: ContentKey): Promise<void> {
    const { limits } = this.#budget;
    const range = this.#subject === 'fragment' ? wholeOf(this.#message) : undefined;
    const raw: Piece = { path: 'raw', bytes: this.#message, depth: 0, ...(range && { range }) };
    const { record } = this.#ledger.note(content, { range });
    noteMeeting(record, raw.path, false);
    if (this.#parts.isAllowed?.(content.sha256) === true) {
      return;
    }
    if (this.#message.length > limits.maxMessageBytes) {
      this.#outcome.fail(record, 'too-large', `message larger than ${limits.maxMessageBytes} bytes`);
    } else if (this.#subject === 'message' || looksLikeMessage(raw)) {
      this.#passwords.addText(this.#message.subarray(0, SUBJECT_WITHIN_BYTES));
      await this.#readMessage(this.#message, record, {
        isRaw: true,
        prefix: '',
        mimeDepth: 0,
        containerDepth: 0,
        isSpelled: false,
      });
    }
    const kept = keptStretches(this.#message, this.#cuts);
    const isWhole = kept.length === 1 && this.#cuts.length === 0;
    const remainder = isWhole ? this.#message : joined(kept, this.#budget);
    await this.#matching.match({ ...raw, bytes: remainder }, record, kept);
    await this.#unpackRaw({ ...raw, bytes: remainder }, record);
    await this.#judgeWaiting();
    this.#joinVolumes();
    await this.#judgeWaiting();
  }

  async #judgeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      this.#budget.checkTime();
      const size = await this.#judgeNext();
      this.#parts.onDiscard?.(size);
    }
  }

  #joinVolumes(): void {
    for (const { piece, how, records } of this.#volumes.joined()) {
      this.#budget.spendBytes(piece.bytes.length);
      for (const parent of records) {
        const next = this.#admit(piece, { parent }, how);
        this.#waiting.push(...(next === undefined ? [] : [{ ...next, volumes: records }]));
      }
    }
  }

  /** A message is opened part by part; only what stands between parts, or in no structure at all, is left for here. */
  async #unpackRaw(piece: Piece, record: PieceRecord): Promise<void> {
    const how = { isRead: true, mimeDepth: 0, part: piece.path, isSpelled: false };
    const waiting = { piece: withReadings(piece), record, ...how, isRenamed: false };
    if (this.#subject === 'fragment') {
      await this.#unpack(waiting, this.#parts.openers);
    } else if (this.#unusual) {
      await this.#unpack(waiting, this.#parts.blind);
    }
  }

  /** Bytes of the piece. A call of its own: whoever called it refers to none of them. */
  async #judgeNext(): Promise<number> {
    const next = this.#waiting.pop();
    return next === undefined ? 0 : await this.#judge(next);
  }

  /** Bytes of the piece. */
  async #judge({ later, ...waiting }: Waiting): Promise<number> {
    const { record, mimeDepth } = waiting;
    const piece = withReadings(later === undefined ? waiting.piece : { ...waiting.piece, bytes: later() });
    record.content.recall(piece.bytes);
    if (waiting.isRenamed) {
      await this.#matching.matchNames(piece, record);
      return piece.bytes.length;
    }
    this.#volumes.note(waiting, piece);
    const isWaiting = await this.#matching.match(piece, record);
    const isMessage = !waiting.isRead && looksLikeMessage(piece);
    if (isMessage) {
      const bytes = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength);
      await this.#readMessage(bytes, record, {
        isRaw: false,
        prefix: `${piece.path}/`,
        mimeDepth: mimeDepth + 1,
        containerDepth: piece.depth,
        isSpelled: waiting.isSpelled,
      });
    }
    const part = isMessage ? `${piece.path}/body` : waiting.part; // beside the parts that were read of it
    await this.#unpack({ ...waiting, piece, isRead: waiting.isRead || isMessage, part }, this.#parts.openers);
    if (!isWaiting) {
      record.content.forget();
    }
    return piece.bytes.length;
  }

  /** Reads `bytes` as a message with our own walker and, where that is called for, with the second reader. */
  async #readMessage(bytes: Buffer, record: PieceRecord, place: Place): Promise<void> {
    const fresh: Waiting[] = [];
    let isFull = false;
    const take = (piece: Piece, how: Omit<Meeting, 'mimeDepth' | 'part'>): void => {
      this.#passwords.learn(piece);
      if (!isFull) {
        isFull = true; // until it is done
        void this.#outcome.attempt(undefined, 'malformed', 'scan', () => {
          const origin = place.isRaw ? { range: piece.range } : { parent: record };
          const { quotedIn, isCut } = piece;
          const at = { mimeDepth: place.mimeDepth, part: partOf(piece, place.prefix) };
          const meeting = { ...how, ...at, quotedIn, isCut };
          const next = this.#admit(piece, origin, meeting);
          fresh.push(...(next === undefined ? [] : [next]));
          isFull = false;
        });
      }
    };
    let unusual = true;
    await this.#outcome.attempt(record, 'malformed', 'MIME reader', () => {
      const reading = readMime({ ...place, bytes }, this.#budget, {
        piece: (piece, isRead, isGuess, again) =>
          take(piece, { isRead, isSpelled: place.isSpelled || isGuess === true, again }),
        decoded: (span) => place.isRaw && this.#cuts.push(span),
        cannot: (cause, detail) => this.#outcome.fail(place.isRaw ? undefined : record, cause, detail),
        ambiguous: (rule, path) => this.#outcome.ambiguous(rule, path, record.content.sha256),
      });
      ({ unusual } = reading);
    });
    this.#unusual ||= unusual;
    if (this.#wantsSecondReader(unusual, record, place)) {
      this.#parts.onDiscard?.(bytes.length); // what own readings took and need no more
      await this.#outcome.attempt(
        place.isRaw ? undefined : record,
        'malformed',
        'second reader',
        async () => {
          const read = this.#parts.secondReader ?? readWithMailparser;
          const seen = await read(bytes, place.prefix, this.#budget);
          this.#parts.onDiscard?.(bytes.length); // all that a parser of streams kept of it
          for (const piece of seen) {
            const isText = piece.type?.startsWith('text/') === true; // what was just read, in other words
            const how = { isRead: isText, isSpelled: isText || place.isSpelled, isSecond: true };
            const quotedIn = isText ? quotationOf(piece) : undefined;
            take({ ...piece, quotedIn, depth: place.containerDepth }, how);
          }
        },
      );
    }
    this.#waiting.push(...fresh.toReversed()); // a stack: the first part is judged first
  }

  #wantsSecondReader(unusual: boolean, record: PieceRecord, place: Place): boolean {
    if (place.mimeDepth > this.#budget.limits.maxMimeDepth) {
      return false; // our own walk has said so already
    }
    const every = this.#parts.sampleEvery ?? DEFAULT_SAMPLE_EVERY;
    // By digest and not by a counter: the same message gets the same verdict every time.
    const isSample =
      place.isRaw &&
      this.#message.length <= MAX_SAMPLE_BYTES &&
      Number.parseInt(record.content.sha256.slice(0, 8), 16) % every === 0;
    return unusual || this.#parts.readers === 'both' || isSample;
  }

  /** Notes where a piece was met; gives it back when it, or what it says of itself, was not met before. */
  #admit(piece: Piece, origin: Origin, how: Meeting): Waiting | undefined {
    const content = this.#isMessage(piece) ? this.#content : ContentKey.of(piece.bytes);
    const { record, isNew } = this.#ledger.note(content, origin);
    const { isNamed, isLabelled } = noteDeclared(record, piece);
    noteMeeting(record, how.part, how.isSpelled || (how.isSecond === true && !isNew), how); // it may make the same guess
    if (!isNew) {
      this.#repetitions.add();
    }
    if (!isNew && !isNamed && !isLabelled) {
      return undefined;
    }
    if (this.#parts.isAllowed?.(content.sha256) === true) {
      this.#cut(piece);
      return undefined;
    }
    const isRenamed = !isNew && !isLabelled;
    if (!isRenamed) {
      this.#budget.spendPiece(how.isSpelled);
    }
    const later = laterOf(piece, how.again);
    if (later === undefined) {
      this.#adopt(piece);
      return { piece, record, ...how, isRenamed };
    }
    if (isNew) record.content.forget();
    this.#parts.onDiscard?.(piece.bytes.length);
    return { piece: withoutBytes(piece), record, ...how, isRenamed, later };
  }

  /** A decoded content stays until its message is judged; what is a part of the message is in its memory. */
  #adopt({ bytes }: Piece): void {
    if (bytes.buffer !== this.#message.buffer) {
      this.#budget.adopt(bytes);
    }
  }

  /** Some reading may take the whole message for a body. */
  #isMessage({ bytes }: Piece): boolean {
    return bytes.length === this.#message.length && this.#message.equals(bytes);
  }

  #cut(piece: Piece): void {
    if (piece.range !== undefined) {
      this.#cuts.push(piece.range);
    }
  }

  async #unpack(waiting: Waiting, unpackers: readonly Unpacker[]): Promise<void> {
    for (const unpacker of unpackers) {
      if (!mayFollow(waiting, unpacker) || !this.#mayOpen(unpacker, waiting)) {
        continue;
      }
      const pending = this.#outcome.attempt(waiting.record, 'malformed', `unpacker ${unpacker.name}`, () =>
        this.#unpackWith(unpacker, waiting),
      );
      if (pending !== undefined) {
        await pending;
      }
      this.#parts.onDiscard?.(waiting.piece.bytes.length);
    }
  }

  #mayOpen(unpacker: Unpacker, { piece, record }: Waiting): boolean {
    try {
      return unpacker.recognises(piece);
    } catch {
      this.#outcome.fail(record, 'malformed', `unpacker ${unpacker.name} failed`);
      return true;
    }
  }

  #unpackWith(unpacker: Unpacker, waiting: Waiting): void | Promise<void> {
    const { piece, record, mimeDepth, part } = waiting;
    if (piece.depth >= this.#budget.limits.maxContainerDepth) {
      throw new ScanLimitError(
        'too-deep',
        `containers nested above ${this.#budget.limits.maxContainerDepth}`,
      );
    }
    const seen = { emitted: 0, troubles: 0 };
    const surroundings = surroundingsIn(waiting, unpacker.name);
    const out = new UnpackYield(piece, this.#budget, {
      emit: (child, spelling) => {
        seen.emitted += 1;
        this.#passwords.learnNote(child);
        const isRead = waiting.isRead && isViewOf(child, piece);
        const step = spelling && stepOf(child, unpacker);
        const how = { isRead, mimeDepth, part, ...surroundings, step, again: spelling?.again };
        const next = this.#admit(child, { parent: record }, how);
        this.#waiting.push(...(next === undefined ? [] : [next]));
        this.#parts.onDiscard?.(child.bytes.length); // what it took to read it
      },
      cannot: (cause, detail, isCut) => {
        seen.troubles += 1;
        this.#cannot(waiting, unpacker, { cause, detail, isCut });
      },
      passwords: () => this.#passwords.list(),
    });
    const noteWhole = (): void => {
      if (seen.emitted > 0 && seen.troubles === 0 && !isSpelling(unpacker.name)) {
        this.#copies.addWhole(unpacker.name, piece, record);
        this.#copies.addJoined(waiting.volumes ?? []);
      }
    };
    const pending = unpacker.unpack(
      isSpelling(unpacker.name) ? this.#withoutUu.of(piece, withoutWholeUu) : piece,
      out,
    );
    if (pending instanceof Promise) {
      return pending.then(noteWhole);
    }
    return noteWhole();
  }

  /** What is malformed may be the ruin of something that is read whole elsewhere: that is known at the end. */
  #cannot({ piece, record }: Waiting, unpacker: Unpacker, { cause, detail, isCut }: Trouble): void {
    const end = { isLast: isLastOf(this.#message, piece), isCut };
    if (!this.#copies.add({ unpacker: unpacker.name, piece, record, cause, detail, ...end })) {
      this.#outcome.fail(record, cause, detail);
    }
  }

  #guilt(): PipelineResult['guilt'] {
    if (this.#subject === 'fragment') {
      return { kind: 'ranges', ranges: [wholeOf(this.#message)] }; // there is no header to spare
    }
    const { guilt, isComplete } = this.#ledger.guilt();
    this.needsProof = !isComplete || this.#unusual;
    return this.#outcome.isBlind ? { kind: 'body' } : guilt;
  }
}
