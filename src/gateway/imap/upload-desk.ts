import type { Action } from '../policy/action.ts';
import type { Effect, MessageId } from '../relay.ts';
import type { ClientOutput } from './client-output.ts';
import type { CommandQueue, Pending, Segment } from './command-queue.ts';
import type { ImapState } from './imap-state.ts';
import { IMAP_LIMITS } from './limits.ts';
import { REPLIES } from './replies.ts';
import { areMessages } from './upload-grammar.ts';
import { verbOf } from './verbs.ts';
import type { CommandEvent, CommandReader } from './wire/command-reader.ts';
import { readNodes, type UnitPart } from './wire/nodes.ts';
import { WireError } from './wire/wire-error.ts';

export interface UploadParts {
  readonly state: ImapState;
  readonly output: ClientOutput;
  readonly queue: CommandQueue;
  readonly reader: CommandReader;
  readonly emit: (effect: Effect) => void;
  readonly bad: (tag: string, reply: string) => void;
}

interface Upload {
  readonly tag: string;
  readonly name: string;
  /** For the check of syntax and arity: literals stand as empty strings. */
  readonly shape: UnitPart[];
  readonly segments: Segment[];
  readonly messages: { readonly message: MessageId; readonly size: number }[];
  /** Set once it is refused: what still comes is read and dropped. */
  refusal: string | undefined;
}

/**
 * APPEND and REPLACE in all their forms: every literal is received, judged, and only then sent on; a refused upload
 * ends in a tagged NO and nothing of it reaches the server.
 */
export class UploadDesk {
  readonly #parts: UploadParts;
  readonly #verdicts = new Map<MessageId, (action: Action) => void>();
  #upload: Upload | undefined;
  #sink: MessageId | undefined;

  constructor(parts: UploadParts) {
    this.#parts = parts;
  }

  text(event: CommandEvent & { kind: 'uploadText' }): void {
    const { tag, first, text, literal } = event;
    const isFirst = this.#upload === undefined;
    const upload = (this.#upload ??= this.#begin(tag, first));
    upload.segments.push({ kind: 'text', text: isFirst ? `${tag} ${upload.name} ${text}` : text });
    upload.shape.push(text);
    if (literal === undefined) {
      this.#upload = undefined;
      this.#end(upload);
      return;
    }
    const limit = this.#parts.state.appendLimit;
    if (
      upload.messages.length >= IMAP_LIMITS.uploadLiterals ||
      (limit !== undefined && literal.size > limit)
    ) {
      upload.refusal ??= REPLIES.tooLarge;
    }
    if (upload.refusal !== undefined && !literal.nonSync) {
      this.#parts.reader.refuseUpload();
      this.#upload = undefined;
      this.#refuse(upload, upload.refusal);
      return;
    }
    this.#literal(upload, literal.size, literal.binary);
    if (!literal.nonSync) {
      this.#parts.output.text(`${REPLIES.continueLiteral}\r\n`);
    }
  }

  /** In the middle of a command. */
  get isReceiving(): boolean {
    return this.#upload !== undefined;
  }

  octets(bytes: Uint8Array): void {
    if (this.#sink !== undefined && bytes.length > 0) {
      this.#parts.emit({ kind: 'spool', message: this.#sink, bytes });
    }
  }

  /** The reader refused the literal that was announced last. */
  refused(tag: string, reply: string): void {
    const upload = this.#upload;
    this.#upload = undefined;
    if (upload === undefined) {
      this.#parts.bad(tag, reply);
    } else {
      this.#refuse(upload, reply);
    }
  }

  decided(message: MessageId, action: Action): void {
    const then = this.#verdicts.get(message);
    this.#verdicts.delete(message);
    then?.(action);
  }

  #begin(tag: string, first: string): Upload {
    const refusal = this.#parts.state.isLoggedIn ? undefined : REPLIES.needsLogin;
    return { tag, name: first.toUpperCase(), shape: [], segments: [], messages: [], refusal };
  }

  #literal(upload: Upload, size: number, binary: boolean): void {
    upload.shape.push({ literal: '', binary });
    this.#sink = undefined;
    if (upload.refusal !== undefined) {
      return;
    }
    const message = this.#parts.state.newMessage();
    this.#sink = message;
    upload.messages.push({ message, size });
    upload.segments.push({ kind: 'text', text: `${binary ? '~' : ''}{${size}}\r\n` }, { kind: 'wait' });
    if (size > 0) {
      upload.segments.push({ kind: 'upload', message, size, isJudged: this.#scans });
    }
    this.#parts.emit({ kind: 'open', message, sizeHint: size });
  }

  #end(upload: Upload): void {
    const refusal = upload.refusal ?? (this.#isWellFormed(upload) ? undefined : REPLIES.syntax);
    if (refusal !== undefined) {
      this.#refuse(upload, refusal);
      return;
    }
    upload.segments.push({ kind: 'text', text: '\r\n' });
    const pending = this.#pending(upload);
    this.#parts.queue.add(pending);
    this.#judge(upload, pending);
  }

  #isWellFormed(upload: Upload): boolean {
    const verb = verbOf(upload.name);
    const limits = { maxDepth: IMAP_LIMITS.commandDepth, maxNodes: IMAP_LIMITS.commandNodes };
    const offers = (capability: string): boolean => this.#parts.state.serverOffers(capability);
    try {
      const nodes = readNodes(upload.shape, limits);
      return verb !== undefined && areMessages(nodes.slice(verb.minArguments - 1), offers);
    } catch (error) {
      if (error instanceof WireError) {
        return false;
      }
      throw error;
    }
  }

  get #scans(): boolean {
    return this.#parts.state.settings.scanUploads;
  }

  #pending(upload: Upload): Pending {
    return {
      tag: upload.tag,
      name: upload.name,
      segments: () => upload.segments,
      isExclusive: true,
      isReady: false,
      onTagged: () => this.#discard(upload),
    };
  }

  #judge(upload: Upload, pending: Pending): void {
    const judged = upload.messages.filter(({ size }) => size > 0);
    let open = this.#scans ? judged.length : 0;
    pending.isReady = open === 0;
    if (pending.isReady) {
      return;
    }
    let worst: Action = 'deliver';
    for (const { message } of judged) {
      this.#verdicts.set(message, (action) => {
        open -= 1;
        worst = worst === 'deliver' || action === 'neutralise' || action === 'block' ? action : worst;
        if (open === 0) {
          this.#settle(upload, pending, worst);
        }
      });
      const context = this.#parts.state.contextOf(undefined);
      this.#parts.emit({
        kind: 'scan',
        message,
        subject: 'message',
        lane: 'interactive',
        context,
        upload: true,
      });
    }
  }

  #settle(upload: Upload, pending: Pending, worst: Action): void {
    if (worst === 'deliver') {
      pending.isReady = true;
      return;
    }
    this.#parts.queue.withdraw(pending);
    const reply = worst === 'defer' ? REPLIES.uploadDeferred : REPLIES.uploadRefused;
    this.#parts.emit({ kind: 'note', note: { type: 'refused', what: 'upload' } });
    this.#parts.output.text(`${upload.tag} ${reply}\r\n`);
    this.#discard(upload);
  }

  #refuse(upload: Upload, reply: string): void {
    this.#parts.bad(upload.tag, reply);
    this.#discard(upload);
  }

  #discard(upload: Upload): void {
    upload.messages.forEach(({ message }) => this.#parts.emit({ kind: 'discard', message }));
  }
}
