import type { Piece } from '../piece.ts';
import { latin1, u16be, u32be, u8, viewOf } from './byte-view.ts';
import { inflateRaw, inflateZlib } from './decompress.ts';
import { emitStream, withoutMalformed } from './emission.ts';
import type { MarkIndex } from './mark-search.ts';
import { PasswordOpener } from './openpgp-password.ts';
import type { Inflated } from './tolerant-inflate.ts';
import type { Unpacker, Yield } from './unpacker.ts';
import { GrowingText } from './growing-text.ts';

/** RFC 9580 packet types that a message consists of. */
const PUBLIC_KEY_SESSION = 1;
const SIGNATURE = 2;
const PASSWORD_SESSION = 3;
const ONE_PASS_SIGNATURE = 4;
const COMPRESSED = 8;
const ENCRYPTED = 9;
const MARKER = 10;
const LITERAL = 11;
const ENCRYPTED_PROTECTED = 18;
const ENCRYPTED_AEAD = 20;

const ENCRYPTED_TYPES: ReadonlySet<number> = new Set([
  PUBLIC_KEY_SESSION,
  PASSWORD_SESSION,
  ENCRYPTED,
  ENCRYPTED_PROTECTED,
  ENCRYPTED_AEAD,
]);
/** Packets that stand before the content of a message or behind it; a marker is to be ignored (RFC 9580 5.8). */
const WITHOUT_CONTENT: ReadonlySet<number> = new Set([ONE_PASS_SIGNATURE, SIGNATURE, MARKER]);
/** Packets of one message. */
const MAX_PACKETS = 1000;

interface Packet {
  readonly type: number;
  readonly body: Buffer;
  readonly next: number;
  readonly cut: boolean;
}

/** Old format: two bits tell how many length octets follow; three means up to the end. */
function readOldPacket(bytes: Buffer, at: number): Packet {
  const first = u8(bytes, at);
  const octets = [1, 2, 4, 0][first & 3] ?? 0;
  const lengths = [u8(bytes, at + 1), u16be(bytes, at + 1), u32be(bytes, at + 1), bytes.length - at - 1];
  const start = at + 1 + octets;
  const next = start + (lengths[first & 3] ?? 0);
  return { type: (first >> 2) & 15, body: bytes.subarray(start, next), next, cut: next > bytes.length };
}

interface BodyPart {
  readonly start: number;
  /** Behind it, as its length says: maybe behind the end of the bytes. */
  readonly next: number;
  readonly isPartial: boolean;
}

/** New format: lengths of one, two or five octets, or partial ones of a power of two that go on. */
function bodyPart(bytes: Buffer, at: number): BodyPart {
  const first = u8(bytes, at);
  if (first >= 224 && first < 255) {
    return { start: at + 1, next: at + 1 + 2 ** (first & 31), isPartial: true };
  }
  const octets = first < 192 ? 1 : first < 224 ? 2 : 5;
  const twoOctets = ((first - 192) << 8) + u8(bytes, at + 1) + 192;
  const length = octets === 1 ? first : octets === 2 ? twoOctets : u32be(bytes, at + 1);
  return { start: at + octets, next: at + octets + length, isPartial: false };
}

/** Calls `take` for each part; returns where the packet ends. */
function eachPart(bytes: Buffer, at: number, take: (part: BodyPart) => void): number {
  let next = at;
  let isPartial = true;
  while (isPartial && next <= bytes.length) {
    const part = bodyPart(bytes, next);
    take(part);
    ({ next, isPartial } = part);
  }
  return next;
}

/** Partial bodies are copied into one buffer: each may be one byte long. */
function readNewPacket(bytes: Buffer, at: number): Packet {
  const type = u8(bytes, at) & 63;
  const only = bodyPart(bytes, at + 1);
  if (!only.isPartial) {
    const { start, next } = only;
    return { type, body: bytes.subarray(start, next), next, cut: next > bytes.length };
  }
  let length = 0;
  const next = eachPart(bytes, at + 1, (part) => {
    length += Math.max(0, Math.min(part.next, bytes.length) - part.start);
  });
  const body = Buffer.alloc(length);
  let to = 0;
  eachPart(bytes, at + 1, (part) => {
    to += bytes.copy(body, to, Math.min(part.start, bytes.length), Math.min(part.next, bytes.length));
  });
  return { type, body, next, cut: next > bytes.length };
}

function readPacket(bytes: Buffer, at: number): Packet | undefined {
  const first = u8(bytes, at);
  if ((first & 0x80) === 0) {
    return undefined;
  }
  return (first & 0x40) === 0 ? readOldPacket(bytes, at) : readNewPacket(bytes, at);
}

/** The first packet must make sense by its content: a single byte is no magic. */
function isMessageStart(bytes: Buffer): boolean {
  const packet = (u8(bytes, 0) & 0x80) === 0 ? undefined : readPacket(bytes.subarray(0, 1024), 0);
  if (packet === undefined) {
    return false;
  }
  const { type, body } = packet;
  const version = u8(body, 0);
  switch (type) {
    case LITERAL:
      return 'btul1m'.includes(String.fromCharCode(version)) && u8(body, 1) + 6 <= body.length;
    case COMPRESSED:
      return version <= 3 && body.length > 2;
    case ONE_PASS_SIGNATURE:
      return !packet.cut && ((version === 3 && body.length === 13) || version === 6);
    case PUBLIC_KEY_SESSION:
      return !packet.cut && (version === 3 || version === 6) && body.length > 20;
    case PASSWORD_SESSION:
      return !packet.cut && version >= 4 && version <= 6 && body.length >= 4 && body.length < 128;
    case MARKER:
      return !packet.cut && latin1(body) === 'PGP';
    case ENCRYPTED_PROTECTED:
      return (version === 1 || version === 2) && body.length > 20;
    default:
      return false;
  }
}

function openLiteral(body: Buffer, out: Yield): void {
  const nameEnd = 2 + u8(body, 1);
  const content = body.subarray(nameEnd + 4);
  if (content.length > 0) {
    out.emit(latin1(body, 2, nameEnd), content);
  }
}

/** What is compressed are packets. Two bytes are no mark: other data that begin with them are broken soon. */
function emitPackets(inflated: Inflated, out: Yield, isMarked: boolean): void {
  const isMessage = isMarked || isMessageStart(inflated.bytes);
  emitStream(isMessage ? out : withoutMalformed(out), 'packets', inflated, 'OpenPGP compressed data');
}

/** `isMarked`: something else than the packet says what it is. */
function openCompressed(body: Buffer, out: Yield, isMarked: boolean): void {
  const cap = out.budget.objectAllowance();
  const data = body.subarray(1);
  switch (u8(body, 0)) {
    case 1:
      emitPackets(inflateRaw(data, cap), out, isMarked);
      return;
    case 2:
      emitPackets(inflateZlib(data, cap), out, isMarked);
      return;
    case 0:
    case 3:
      out.emit('packets', data); // plain packets, or bzip2, each known by its own start
      return;
    default:
      out.cannot('malformed', 'OpenPGP data with an unknown compression');
  }
}

const SESSIONS: ReadonlySet<number> = new Set([PUBLIC_KEY_SESSION, PASSWORD_SESSION]);

/** Reads the packets of one message. */
class Packets {
  readonly #out: Yield;
  readonly #name: string | undefined;
  /** How passwords give the key of what is encrypted behind them. */
  readonly #sessions: Buffer[] = [];
  #isSealed = false;
  #isFirst = true;
  /** Its armour says that it is a message. */
  readonly #isMarked: boolean;
  readonly #opener: PasswordOpener;

  constructor(out: Yield, name: string | undefined, isMarked: boolean, opener: PasswordOpener) {
    this.#opener = opener;
    this.#out = out;
    this.#name = name;
    this.#isMarked = isMarked;
  }

  read(bytes: Buffer): void {
    let at = 0;
    for (let count = 0; at < bytes.length && count < MAX_PACKETS; count += 1) {
      this.#out.budget.checkTime();
      const packet = readPacket(bytes, at);
      if (packet === undefined || !this.#take(packet)) {
        break;
      }
      at = packet.next;
      this.#isFirst = false;
    }
    if (this.#isSealed) {
      this.#out.cannot('encrypted', 'OpenPGP message is encrypted');
    }
  }

  /** Whether there may be more. */
  #take(packet: Packet): boolean {
    const { type, body } = packet;
    if (type === LITERAL) {
      openLiteral(body, this.#out);
    } else if (type === COMPRESSED) {
      openCompressed(body, this.#out, this.#isMarked || !this.#isFirst);
    } else if (SESSIONS.has(type)) {
      this.#isSealed = true; // until it is opened
      this.#sessions.push(...(type === PASSWORD_SESSION ? [body] : []));
    } else if (ENCRYPTED_TYPES.has(type)) {
      this.#open(packet);
      return false;
    }
    return type === LITERAL || type === COMPRESSED || SESSIONS.has(type) || WITHOUT_CONTENT.has(type);
  }

  /** What a password opens is read as packets by itself. */
  #open({ type, body }: Packet): void {
    const content =
      type === ENCRYPTED_PROTECTED
        ? this.#opener.open(this.#sessions, body, this.#name, this.#out)
        : undefined;
    this.#isSealed = content === undefined;
    if (content !== undefined) {
      this.#out.emit('packets', content);
    }
  }
}

const ARMOUR = '-----BEGIN PGP MESSAGE';
/** Armoured messages in one text. */
const MAX_ARMOURED = 100;

/** Decodes the armour at `at` (RFC 9580 6.2): header lines, an empty line, base64, a checksum, the tail. */
function decodeArmour(text: string, at: number): { readonly bytes: Buffer; readonly next: number } {
  const end = text.indexOf('-----END', at + ARMOUR.length);
  const next = end < 0 ? text.length : end + 1;
  const encoded = new GrowingText();
  const behind = text.indexOf('\n', at);
  for (const [whole] of (behind < 0 ? '' : text.slice(behind, next)).matchAll(/[^\r\n]+/g)) {
    const line = whole.replace(/^[>|\s]+/, ''); // as replies quote it
    if (!/^[A-Za-z]+: /.test(line) && !/^=[A-Za-z0-9+/]{4}\s*$/.test(line)) {
      for (const [letters] of line.matchAll(/[A-Za-z0-9+/]+/g)) {
        encoded.add(letters);
      }
    }
  }
  return { bytes: Buffer.from(encoded.toString(), 'base64'), next };
}

function unpackOpenPgp({ bytes, name }: Piece, out: Yield, opener: PasswordOpener): void {
  const view = viewOf(bytes);
  if (isMessageStart(view)) {
    new Packets(out, name, false, opener).read(view);
    return;
  }
  const text = latin1(view);
  let at = text.indexOf(ARMOUR);
  for (let count = 0; at >= 0 && count < MAX_ARMOURED; count += 1) {
    const armoured = decodeArmour(text, at);
    new Packets(out, name, true, opener).read(armoured.bytes);
    at = text.indexOf(ARMOUR, armoured.next);
  }
}

/** OpenPGP messages that need no key: literal and compressed data, armoured or binary. Encrypted ones are reported. */
export function createOpenPgpUnpacker(marks: MarkIndex): Unpacker {
  const armour = marks.add(Buffer.from(ARMOUR));
  const opener = new PasswordOpener();
  return {
    name: 'openpgp',
    recognises: ({ bytes }: Piece) =>
      bytes.length > 8 && (isMessageStart(viewOf(bytes)) || armour(bytes) >= 0),
    unpack: (piece: Piece, out: Yield) => unpackOpenPgp(piece, out, opener),
  };
}
