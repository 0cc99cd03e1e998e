import { isMechanismKept, offersPlus, rewriteCapabilities, saslMechanisms } from './capabilities.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { MAX_COLLECTED_LINES } from './limits.ts';
import { CRLF, freeText, reply, statusLine, TERMINATOR, type Status } from './replies.ts';

const DOT = 0x2e;
const SCAN_LISTING = /^\d{1,10} \d{1,20}(?: [\x20-\x7e]*)?$/u;
const UNIQUE_ID = /^(\d{1,10}) ([\x21-\x7e]{1,255}) *$/u;
/** A language tag and its name in that language; free text, so it is bounded like any reply. */
const LANGUAGE_LISTING = /^[A-Za-z0-9-]{1,64}(?: |$)/u;

function isTerminator(line: Buffer): boolean {
  return line.length === 1 && line[0] === DOT;
}

/** A line of a multi-line reply without its stuffing. */
function unstuffed(line: Buffer): Buffer {
  return line[0] === DOT ? line.subarray(1) : line;
}

type Listing = 'LIST' | 'UIDL';

/**
 * LIST and UIDL: passed on line by line as they arrive. Each line must have the form of its command, so that no
 * server text of another kind gets through. The last line and the terminator leave in one write.
 */
export class ListingReply extends Exchange {
  readonly #listing: Listing;
  #status: Status | undefined;
  /** Byte strings; joined once a chunk, because a mailbox may have 100,000 lines. */
  #ready = '';
  #last = '';

  constructor(host: ExchangeHost, listing: Listing) {
    super(host);
    this.#listing = listing;
  }

  override get begun(): boolean {
    return this.#status !== undefined;
  }

  line(line: Buffer): void {
    if (this.#status === undefined) {
      this.#begin(line);
    } else if (isTerminator(line)) {
      this.say(Buffer.from(`${this.#ready}${this.#last}${TERMINATOR.toString('latin1')}`, 'latin1'));
      this.finish();
    } else {
      this.#item(unstuffed(line).toString('latin1'));
    }
  }

  override settle(): void {
    if (this.#ready !== '') {
      this.say(Buffer.from(this.#ready, 'latin1'));
      this.#ready = '';
    }
  }

  #begin(line: Buffer): void {
    const status = this.status(line);
    if (status?.ok === false) {
      this.relay(status);
    } else if (status !== undefined) {
      this.#status = status;
      this.#keep(statusLine(true, freeText(status.text)).toString('latin1'));
    }
  }

  /** The newest line waits, because it may be the last. */
  #keep(line: string): void {
    this.#ready += this.#last;
    this.#last = line;
  }

  #item(text: string): void {
    if (this.#accepts(text)) {
      this.#keep(text + CRLF);
    } else {
      this.host.fail('upstream-protocol-error', 'upstream', 'listing');
    }
  }

  #accepts(text: string): boolean {
    return this.#listing === 'UIDL' ? this.#acceptsUidl(text) : SCAN_LISTING.test(text);
  }

  #acceptsUidl(text: string): boolean {
    const [, number, uidl] = UNIQUE_ID.exec(text) ?? [];
    if (uidl === undefined) {
      return false;
    }
    this.host.state.remember(Number(number), uidl);
    return true;
  }
}

/** A multi-line reply that is kept until it is whole, because each line depends on the others. */
abstract class CollectedReply extends Exchange {
  #status: Status | undefined;
  readonly #lines: string[] = [];

  line(line: Buffer): void {
    if (this.#status === undefined) {
      this.#status = this.status(line);
      if (this.#status?.ok === false) {
        this.refused(this.#status);
      }
    } else if (isTerminator(line)) {
      this.answer(this.rewrite(this.#lines));
    } else if (this.#lines.length === MAX_COLLECTED_LINES) {
      this.host.fail('limit-exceeded', 'upstream', 'reply-lines');
    } else {
      this.#lines.push(unstuffed(line).toString('latin1'));
    }
  }

  protected abstract rewrite(lines: readonly string[]): readonly string[];

  protected refused(status: Status): void {
    this.relay(status);
  }

  protected answer(lines: readonly string[]): void {
    this.say(Buffer.concat([reply('+OK'), ...lines.map(reply), TERMINATOR]));
    this.finish();
  }
}

/** CAPA (RFC 2449). */
export class CapaReply extends CollectedReply {
  protected rewrite(lines: readonly string[]): readonly string[] {
    const { state } = this.host;
    state.plusOffered ||= offersPlus(saslMechanisms(lines));
    return rewriteCapabilities(lines, state.capabilityView);
  }

  /** A server without CAPA: the client still has to learn of our STLS, and such servers know USER. */
  protected override refused(status: Status): void {
    if (this.host.state.mayStartTls) {
      this.answer(this.rewrite(['USER']));
    } else {
      super.refused(status);
    }
  }
}

/** AUTH without arguments: the listing of an old draft that Thunderbird and Microsoft's clients ask for. */
export class MechanismsReply extends CollectedReply {
  protected rewrite(lines: readonly string[]): readonly string[] {
    const { state } = this.host;
    state.plusOffered ||= offersPlus(lines);
    return lines.filter((name) => isMechanismKept(name, state.plusOffered));
  }
}

/** LANG without arguments (RFC 6856 section 3.2). */
export class LanguagesReply extends CollectedReply {
  protected rewrite(lines: readonly string[]): readonly string[] {
    return lines.filter((line) => LANGUAGE_LISTING.test(line)).map((line) => freeText(line));
  }
}
