import { u8 } from './byte-view.ts';

/** One element of a BER encoding (X.690): tag octet, content range, and where the next element begins. */
export interface BerElement {
  readonly tag: number;
  readonly start: number;
  /** End of the content; of an indefinite element the end marker stands here. */
  readonly end: number;
  readonly next: number;
  /** The stated length reaches past the end of the bytes. */
  readonly cut: boolean;
}

/** Nesting that real messages stay far below; deeper input is hostile. */
const MAX_DEPTH = 64;
const CONSTRUCTED = 0x20;
const INDEFINITE = 0x80;

interface Header {
  readonly tag: number;
  readonly start: number;
  /** Undefined for the indefinite form. */
  readonly length: number | undefined;
}

function readHeader(bytes: Buffer, at: number): Header | undefined {
  const tag = u8(bytes, at);
  const first = u8(bytes, at + 1);
  // Tags of more than one octet occur nowhere in these messages.
  if (at + 2 > bytes.length || (tag & 0x1f) === 0x1f) {
    return undefined;
  }
  if (first < INDEFINITE) {
    return { tag, start: at + 2, length: first };
  }
  const octets = first & 0x7f;
  if (octets > 6) {
    return undefined;
  }
  const length = bytes.subarray(at + 2, at + 2 + octets).reduce((sum, byte) => sum * 256 + byte, 0);
  return { tag, start: at + 2 + octets, length: octets === 0 ? undefined : length };
}

function isEndMarker(bytes: Buffer, at: number): boolean {
  return u8(bytes, at) === 0 && u8(bytes, at + 1) === 0;
}

/** The end of an indefinite element whose content begins at `start`: the position of its end marker. */
function indefiniteEnd(bytes: Buffer, start: number, depth: number): number {
  let at = start;
  while (at + 2 <= bytes.length && !isEndMarker(bytes, at)) {
    const element = readElement(bytes, at, depth + 1);
    if (element === undefined) {
      return bytes.length;
    }
    at = element.next;
  }
  return Math.min(at, bytes.length);
}

/** Reads the element at `at`; undefined when there is none that could be read. */
export function readElement(bytes: Buffer, at: number, depth = 0): BerElement | undefined {
  const header = depth > MAX_DEPTH ? undefined : readHeader(bytes, at);
  if (header === undefined) {
    return undefined;
  }
  const { tag, start, length } = header;
  if (length !== undefined) {
    const end = Math.min(bytes.length, start + length);
    return { tag, start, end, next: start + length, cut: start + length > bytes.length };
  }
  if ((tag & CONSTRUCTED) === 0) {
    return undefined;
  }
  const end = indefiniteEnd(bytes, start, depth);
  return { tag, start, end, next: end + 2, cut: end >= bytes.length };
}

/** The elements inside a constructed element, at most `most`. */
export function readChildren(bytes: Buffer, parent: BerElement, most = 64): BerElement[] {
  const children: BerElement[] = [];
  let at = parent.start;
  while (at < parent.end && children.length < most) {
    const child = readElement(bytes, at);
    if (child === undefined) {
      break;
    }
    children.push(child);
    at = child.next;
  }
  return children;
}

/** An element that is built from others, while these are read. */
interface OpenElement {
  /** Nothing inside reaches beyond it. */
  readonly end: number;
  /** An end marker closes it before that. */
  readonly isIndefinite: boolean;
}

/** Collects the primitive strings inside one element, each header read once whatever the nesting. */
class OctetWalk {
  cut: boolean;
  /** One buffer and no list of parts: a message may consist of strings of one byte. */
  readonly #content: Buffer;
  #length = 0;
  readonly #bytes: Buffer;
  readonly #open: OpenElement[];
  #at: number;

  constructor(bytes: Buffer, { start, end, cut }: BerElement) {
    this.#bytes = bytes;
    this.cut = cut;
    this.#content = Buffer.allocUnsafe(Math.max(0, end - start));
    this.#at = start;
    this.#open = [{ end, isIndefinite: false }];
  }

  get content(): Buffer {
    return this.#content.subarray(0, this.#length);
  }

  run(): void {
    for (let top = this.#top(); top !== undefined; top = this.#top()) {
      if (!this.#step(top.end)) {
        this.cut = true;
        return;
      }
    }
  }

  /** The innermost element that has not ended. */
  #top(): OpenElement | undefined {
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      const isMarked = top.isIndefinite && isEndMarker(this.#bytes, this.#at);
      if (this.#at < top.end && !isMarked) {
        return top;
      }
      this.#at += isMarked ? 2 : 0;
      this.cut ||= top.isIndefinite && !isMarked;
      this.#open.pop();
    }
    return undefined;
  }

  #step(limit: number): boolean {
    const header = this.#open.length > MAX_DEPTH ? undefined : readHeader(this.#bytes, this.#at);
    if (header === undefined) {
      return false;
    }
    const { tag, start, length } = header;
    const end = Math.min(limit, start + (length ?? limit));
    this.cut ||= length !== undefined && start + length > limit;
    if ((tag & CONSTRUCTED) === 0) {
      this.#length += this.#bytes.copy(this.#content, this.#length, start, Math.max(start, end));
      this.#at = end;
      return length !== undefined;
    }
    this.#open.push({ end, isIndefinite: length === undefined });
    this.#at = start;
    return true;
  }
}

/** The content of an OCTET STRING, primitive or built from many; `cut` when some of it is missing. */
export function joinOctets(
  bytes: Buffer,
  element: BerElement,
): { readonly content: Buffer; readonly cut: boolean } {
  if ((element.tag & CONSTRUCTED) === 0) {
    return { content: bytes.subarray(element.start, element.end), cut: element.cut };
  }
  const walk = new OctetWalk(bytes, element);
  walk.run();
  return { content: walk.content, cut: walk.cut };
}
