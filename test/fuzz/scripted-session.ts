/** Plays a pipelining client against the model server through the real relay, with verdicts that take their time. */
import * as fc from 'fast-check';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import type { RelaySettings } from '../../src/gateway/relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import type { ChunkCount } from './fuzz-setting.ts';
import type { Dialect, ModelMessage, ModelServer } from './model-server.ts';

/** Stands in guilty messages and nowhere else, so that one byte of it is a leak. */
export const GUILTY = 'z';

const SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: true,
  maxLiteralBytes: 1_048_576,
  scanUploads: true,
};
/** The shortest prefix of a held response has 22 bytes; more ticks would end the session, as they should. */
const MAX_TICKS = 18;
const MAX_TURNS = 200;

export interface FetchCommand {
  readonly isUid: boolean;
  readonly set: string;
  readonly items: readonly string[];
}

/** What happens around the bytes. */
export interface Schedule {
  /** Chunk sizes, used in turn. */
  readonly cuts: readonly number[];
  /** After each chunk: a keep-alive tick, or the verdict that is chosen by the number; empty: verdicts come at once. */
  readonly events: readonly ('tick' | number)[];
}

export const dialects: fc.Arbitrary<Dialect> = fc.record({
  uidLast: fc.boolean(),
  quotes: fc.boolean(),
  splits: fc.boolean(),
  chatters: fc.boolean(),
  lowerCase: fc.boolean(),
  uidOnly: fc.boolean(),
  pushes: fc.constant(false),
});

const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '\r\n', '-', '"', '\\', '{5}'), maxLength: 120 }),
  fc.constantFrom('', 'x', 'same text', 'a'.repeat(500)),
);
export const mailboxes = fc
  .array(fc.record({ first: text, second: text, isGuilty: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map((mails) =>
    mails.map(({ first, second, isGuilty }, index): ModelMessage => {
      const guilty = GUILTY.repeat(20 + second.length);
      return { uid: 10 + index * 3, parts: [first, isGuilty ? guilty : second] };
    }),
  );
export const cleanMailboxes = mailboxes.map((mails) =>
  mails.map((mail): ModelMessage => {
    const [first, second] = mail.parts;
    return { ...mail, parts: [first, second.replaceAll(GUILTY, 'y')] };
  }),
);

const range = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 300 })).map(([origin, length]) => `<${origin}.${length}>`),
);
const items = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('BODY', 'BODY.PEEK'),
      fc.constantFrom('', '1', '2', 'TEXT', 'HEADER', '1.MIME'),
      range,
    )
    .map(([name, section, partial]) => `${name}[${section}]${partial}`),
  fc
    .tuple(fc.constantFrom('BINARY', 'BINARY.PEEK'), fc.constantFrom('1', '2'), range)
    .map(([name, section, partial]) => `${name}[${section}]${partial}`),
  fc.constantFrom('FLAGS', 'UID', 'RFC822.SIZE', 'RFC822', 'RFC822.TEXT', 'RFC822.HEADER', 'BINARY.SIZE[2]'),
);
export const commands: fc.Arbitrary<FetchCommand[]> = fc.array(
  fc.record({
    isUid: fc.boolean(),
    set: fc.constantFrom('1', '2', '10', '13', '1:*', '1:2', '10:13', '1,3'),
    items: fc.uniqueArray(items, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);

const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 });
export const atOnce: fc.Arbitrary<Schedule> = cuts.map((sizes) => ({ cuts: sizes, events: [] }));
export const inAnyOrder: fc.Arbitrary<Schedule> = fc.record({
  cuts,
  events: fc.array(fc.oneof(fc.constant('tick' as const), fc.nat(5)), { minLength: 1, maxLength: 12 }),
});
export const wholeChunks: Schedule = { cuts: [1_000_000], events: [] };

/** Command lines as the client sends them; with UIDONLY there are no sequence numbers. */
export function commandLines(asked: readonly FetchCommand[], { uidOnly }: Dialect): string[] {
  const enable = uidOnly ? ['e ENABLE UIDONLY'] : [];
  const fetches = asked.map(
    ({ isUid, set, items: names }, index) =>
      `t${index} ${isUid || uidOnly ? 'UID ' : ''}FETCH ${set} (${names.join(' ')})`,
  );
  return [...enable, ...fetches];
}

export interface Played {
  readonly harness: RelayHarness;
  readonly client: string;
}

export interface Script {
  readonly lines: readonly string[];
  readonly server: ModelServer;
  readonly schedule: Schedule;
  /** Damages what the server says. */
  readonly mangle?: (answer: string) => string;
}

export function play(script: Script, count: ChunkCount): Played {
  const session = new Session(script, count);
  session.run();
  return { harness: session.harness, client: session.harness.written('client').toString('latin1') };
}

class Session {
  readonly harness: RelayHarness;
  readonly #script: Script;
  readonly #count: ChunkCount;
  #chunks = 0;
  #ticks = 0;
  #answered = 0;

  constructor(script: Script, count: ChunkCount) {
    this.#script = script;
    this.#count = count;
    this.harness = new RelayHarness(
      createImapRelay(SETTINGS, () => 0),
      { verdict: (_scan, content) => (content.includes(GUILTY) ? 'neutralise' : 'deliver') },
    );
    this.harness.hold = script.schedule.events.length > 0;
  }

  run(): void {
    const { lines, mangle = (answer: string) => answer } = this.#script;
    this.#feed('* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n', (chunk) => this.harness.fromUpstream(chunk));
    this.#feed(lines.map((line) => `${line}\r\n`).join(''), (chunk) => this.harness.fromClient(chunk));
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      const answer = this.#answerNext();
      if (answer === undefined && this.harness.heldVerdicts === 0) {
        return;
      }
      this.#feed(mangle(answer ?? ''), (chunk) => this.harness.fromUpstream(chunk));
      this.harness.releaseVerdict(0);
    }
  }

  #answerNext(): string | undefined {
    const asked = this.harness.written('upstream').toString('latin1').split('\r\n').slice(0, -1);
    const fresh = asked.slice(this.#answered);
    this.#answered = asked.length;
    return fresh.length === 0 ? undefined : fresh.map((line) => this.#script.server.answer(line)).join('');
  }

  #feed(bytes: string, take: (chunk: Buffer) => void): void {
    const { cuts: sizes } = this.#script.schedule;
    for (let at = 0; at < bytes.length && this.harness.closed === undefined;) {
      const size = sizes[this.#chunks % sizes.length] ?? 1;
      take(Buffer.from(bytes.slice(at, at + size), 'latin1'));
      at += size;
      this.#chunks += 1;
      this.#count.add();
      this.#happen();
    }
  }

  #happen(): void {
    const { events } = this.#script.schedule;
    const event = events[this.#chunks % Math.max(1, events.length)];
    if (event === undefined || this.harness.closed !== undefined) {
      return;
    }
    if (event !== 'tick') {
      this.harness.releaseVerdict(event % Math.max(1, this.harness.heldVerdicts));
    } else if (this.harness.relay.isHolding && this.#ticks < MAX_TICKS) {
      this.#ticks += 1;
      this.harness.tick();
    }
  }
}
