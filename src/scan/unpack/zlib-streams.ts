import type { Piece } from '../piece.ts';
import { hasMagic, viewOf } from './byte-view.ts';
import { type Inflated, inflateSure, inflateZlib, isZlibHeader } from './decompress.ts';
import { emitStream, reportEnd, reportRatio, withoutMalformed } from './emission.ts';
import { hasKnownStart } from './known-start.ts';
import { PieceJoiner } from './piece-joiner.ts';
import { inflateTolerantly } from './tolerant-inflate.ts';
import type { Unpacker, Yield } from './unpacker.ts';

/** zlib streams that are told by their header alone: two bytes, which stand anywhere by accident. */

/** What a database or a program writes before a stream: its length, a version (MySQL COMPRESS: 4 bytes). */
const MAX_PREFIX = 16;
/** What else may stand before one: a header with a table or two, or a serialised object, bytes. Only usual headers. */
const MAX_LONG_PREFIX = 4096;
/** A first try costs so many bytes, and is believed when it gives so many or the whole stream. */
const PROBE_INPUT = 512;
const PROBE_OUTPUT = 64;
/** A stream that gives less is taken for an accident. */
const MIN_OUTPUT = 16;
/** Headers in one file that are none, and streams. Random data have one such header in 16 KiB. */
const MAX_ACCIDENTS = 10_000;
const MAX_STREAMS = 20_000;
/** Method and window as every library writes them; the four levels are the only flags that go with it (RFC 1950 2.2). */
const FIRST = 0x78;
const HEADER_BYTES = 2;
const HEADERS = [0x01, 0x5e, 0x9c, 0xda].map((flags) => Buffer.from([FIRST, flags]));

function isStream(view: Buffer, at: number): boolean {
  // zlib allocates more for each try than this reads.
  const { end, bytes } = inflateTolerantly(view.subarray(at + 2, at + PROBE_INPUT), PROBE_OUTPUT);
  return (
    end === 'capped' ||
    (end === 'complete' && bytes.length >= MIN_OUTPUT) ||
    (end === 'truncated' && bytes.length > 0)
  );
}

/** Where a stream begins, from `from` on and behind a short prefix at most, or -1. */
function firstStream(view: Buffer, from: 0 | 1): number {
  for (let at: number = from; at <= MAX_PREFIX && at + 8 <= view.length; at += 1) {
    if (view[at] === FIRST && isZlibHeader(view, at) && isStream(view, at)) {
      return at;
    }
  }
  return -1;
}

/** Where a stream with one of the usual headers begins behind a longer prefix, or -1. */
function streamBehind(view: Buffer): number {
  const head = view.subarray(0, MAX_LONG_PREFIX + HEADER_BYTES);
  for (const header of HEADERS) {
    for (let at = head.indexOf(header, MAX_PREFIX + 1); at >= 0; at = head.indexOf(header, at + 1)) {
      if (isStream(view, at)) {
        return at;
      }
    }
  }
  return -1;
}

/** Finds where the headers stand; each is searched for only once for every place where it stands. */
class HeaderSearch {
  readonly #view: Buffer;
  readonly #next = HEADERS.map(() => -1);

  constructor(view: Buffer) {
    this.#view = view;
  }

  /** The next header at or behind `from`, or the length of the bytes. `from` never goes back. */
  next(from: number): number {
    for (const [index, header] of HEADERS.entries()) {
      if ((this.#next[index] ?? -1) < from) {
        const at = this.#view.indexOf(header, from);
        this.#next[index] = at < 0 ? this.#view.length : at;
      }
    }
    return Math.min(...this.#next);
  }
}

/** What breaks off is no reason to call a file damaged that states no stream; a bomb is told. */
function inflated(view: Buffer, out: Yield): Inflated {
  const stream = inflateZlib(view, out.budget.objectAllowance());
  if (stream.end === 'capped') {
    reportEnd(out, 'a compressed value of a database', stream.end);
  }
  reportRatio(out, 'a compressed value of a database', stream.consumed, stream.bytes.length);
  return stream;
}

/** Gives `joiner` every stream in `view`, up to `most` bytes of each. */
export function joinStreams(view: Buffer, most: number, joiner: PieceJoiner, out: Yield): void {
  const search = new HeaderSearch(view);
  let accidents = 0;
  let streams = 0;
  for (let at = search.next(0); at < view.length;) {
    out.budget.checkTime();
    if (accidents > MAX_ACCIDENTS || streams > MAX_STREAMS) {
      out.cannot('bomb', 'a database with too many compressed values');
      return;
    }
    if (isStream(view, at)) {
      const { bytes, consumed } = inflated(view.subarray(at, at + most), out);
      joiner.add(bytes);
      streams += 1;
      at = search.next(at + Math.max(2, consumed));
    } else {
      accidents += 1;
      at = search.next(at + 2);
    }
  }
}

/** Gives `joiner` the stream of one value, whatever short prefix it has. */
export function joinStream(value: Buffer, joiner: PieceJoiner, out: Yield): void {
  const at = firstStream(value, 0);
  if (at >= 0) {
    joiner.add(inflated(value.subarray(at), out).bytes);
  }
}

const PACKS = ['PACK\u0000\u0000\u0000', '# v2 git bundle\n', '# v3 git bundle\n'];

/** Files whose zlib streams have readers of their own, or are pixels. */
const OTHERS = ['\u0089PNG', 'wOFF', 'II*\u0000', 'MM\u0000*', 'SQLite format 3'];

/** A pack of git, by itself or in a bundle: objects one behind the other, each compressed, without their places. */
export function createGitPackUnpacker(): Unpacker {
  return {
    name: 'git-pack',
    recognises: ({ bytes }: Piece) => PACKS.some((magic) => hasMagic(bytes, magic)),
    unpack: ({ bytes }: Piece, out: Yield) => {
      const joiner = new PieceJoiner(out, 'object');
      joinStreams(viewOf(bytes), out.budget.objectAllowance(), joiner, out);
      joiner.flush();
    },
  };
}

function prefixedStream(view: Buffer): number {
  const near = firstStream(view, 1);
  const hasReader = hasKnownStart(view) || [...OTHERS, ...PACKS].some((magic) => hasMagic(view, magic));
  return near > 0 || hasReader ? near : streamBehind(view);
}

/** A zlib stream behind bytes that belong to no format. */
export function createPrefixedZlibUnpacker(): Unpacker {
  return {
    name: 'prefixed-zlib',
    recognises: ({ bytes }: Piece) => prefixedStream(viewOf(bytes)) > 0,
    unpack: ({ bytes }: Piece, out: Yield) => {
      const view = viewOf(bytes);
      const at = prefixedStream(view);
      const [data, cap] = [view.subarray(at), out.budget.objectAllowance()];
      // One piece of noise in forty has such a header by accident, and may be read as deflate without end.
      const stream = at > MAX_PREFIX ? inflateSure(data, cap) : inflateZlib(data, cap);
      if (stream !== undefined) {
        emitStream(withoutMalformed(out), '', stream, 'zlib stream');
      }
    },
  };
}
