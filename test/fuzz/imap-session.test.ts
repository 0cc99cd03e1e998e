import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createImapRelay } from '../../src/gateway/imap/imap-relay.ts';
import type { RelaySettings } from '../../src/gateway/relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import { type Dialect, type ModelMessage, ModelServer, understand } from './model-server.ts';

/** `npm run fuzz` sets more runs and another seed. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
/** Stands in guilty messages and nowhere else, so that one byte of it is a leak. */
const GUILTY = 'z';
/** All input of one session is far below this; more held means that something grows. */
const MAX_HELD_BYTES = 2_000_000;

const SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: true,
  maxLiteralBytes: 1_048_576,
  scanUploads: true,
};

const dialects: fc.Arbitrary<Dialect> = fc.record({
  uidLast: fc.boolean(),
  quotes: fc.boolean(),
  splits: fc.boolean(),
  chatters: fc.boolean(),
  lowerCase: fc.boolean(),
});
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '.', '\r\n', '-'), maxLength: 120 }),
  fc.constantFrom('', 'x', 'same text', 'a'.repeat(500)),
);
const mailboxes = fc
  .array(fc.record({ first: text, second: text, isGuilty: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map((mails) =>
    mails.map(({ first, second, isGuilty }, index): ModelMessage => {
      const guilty = GUILTY.repeat(20 + second.length);
      return { uid: 10 + index * 3, parts: [first, isGuilty ? guilty : second] };
    }),
  );
const partial = fc.oneof(
  fc.constant(''),
  fc.tuple(fc.nat(300), fc.integer({ min: 1, max: 300 })).map(([origin, length]) => `<${origin}.${length}>`),
);
const items = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('BODY', 'BODY.PEEK'),
      fc.constantFrom('', '1', '2', 'TEXT', 'HEADER', '1.MIME'),
      partial,
    )
    .map(([name, section, range]) => `${name}[${section}]${range}`),
  fc.constantFrom('FLAGS', 'UID', 'RFC822.SIZE', 'RFC822', 'RFC822.TEXT', 'RFC822.HEADER'),
);
const commands = fc.array(
  fc.record({
    isUid: fc.boolean(),
    set: fc.constantFrom('1', '2', '10', '13', '1:*', '1:2', '10:13', '1,3'),
    items: fc.uniqueArray(items, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const cuts = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 });

interface Played {
  readonly harness: RelayHarness;
  readonly client: string;
}

/** Plays a pipelining client against the model through the relay, in chunks of the given sizes. */
function play(
  lines: readonly string[],
  server: ModelServer,
  sizes: readonly number[],
  mangle = (s: string) => s,
): Played {
  const harness = new RelayHarness(
    createImapRelay(SETTINGS, () => 0),
    {
      verdict: (_scan, content) => (content.includes(GUILTY) ? 'neutralise' : 'deliver'),
    },
  );
  const chunked = (bytes: string, feed: (chunk: Buffer) => void): void => {
    for (let at = 0, turn = 0; at < bytes.length && harness.closed === undefined; turn += 1) {
      const size = sizes[turn % sizes.length] ?? 1;
      feed(Buffer.from(bytes.slice(at, at + size), 'latin1'));
      at += size;
    }
  };
  const say = (bytes: string): void => chunked(bytes, (chunk) => harness.fromUpstream(chunk));
  say('* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n');
  chunked(lines.map((line) => `${line}\r\n`).join(''), (chunk) => harness.fromClient(chunk));
  let answered = 0;
  for (let turn = 0; turn < 100; turn += 1) {
    const asked = harness.written('upstream').toString('latin1').split('\r\n').slice(0, -1);
    if (asked.length === answered) {
      break;
    }
    const fresh = asked.slice(answered);
    answered = asked.length;
    say(mangle(fresh.map((line) => server.answer(line)).join('')));
  }
  return { harness, client: harness.written('client').toString('latin1') };
}

function lines(asked: readonly { isUid: boolean; set: string; items: readonly string[] }[]): string[] {
  return asked.map(
    ({ isUid, set, items: names }, index) =>
      `t${index} ${isUid ? 'UID ' : ''}FETCH ${set} (${names.join(' ')})`,
  );
}

describe('any IMAP session', () => {
  it('shows no byte of a guilty message, answers every command, and holds bounded memory', () => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, cuts, (mails, dialect, asked, sizes) => {
        const { harness, client } = play(lines(asked), new ModelServer(mails, dialect), sizes);
        assert.ok(!client.includes(GUILTY), `leak in ${JSON.stringify(client)}`);
        assert.equal(harness.closed, undefined, JSON.stringify({ notes: harness.notes, client }));
        assert.ok(harness.peakSpoolBytes < MAX_HELD_BYTES);
        for (const [index] of asked.entries()) {
          assert.ok(client.includes(`t${index} OK`), `t${index} is not answered: ${JSON.stringify(client)}`);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('gives for clean messages what a direct connection gives', () => {
    const clean = mailboxes.map((mails) =>
      mails.map((mail): ModelMessage => ({
        ...mail,
        parts: [mail.parts[0], mail.parts[1].replaceAll(GUILTY, 'y')],
      })),
    );
    fc.assert(
      fc.property(clean, dialects, commands, cuts, (mails, dialect, asked, sizes) => {
        const server = new ModelServer(mails, dialect);
        const direct = lines(asked)
          .map((line) => server.answer(line))
          .join('');
        const { client } = play(lines(asked), server, sizes);
        const got = understand(client);
        for (const [key, value] of understand(direct)) {
          assert.equal(got.get(key), value, `${key} in ${JSON.stringify(client)}`);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('keeps every announced size for guilty messages', () => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, cuts, (mails, dialect, asked, sizes) => {
        const server = new ModelServer(mails, dialect);
        const direct = understand(
          lines(asked)
            .map((line) => server.answer(line))
            .join(''),
        );
        const got = understand(play(lines(asked), server, sizes).client);
        for (const [key, value] of direct) {
          assert.equal(got.get(key)?.length, value.length, key);
        }
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('says the same however the bytes were cut', () => {
    fc.assert(
      fc.property(mailboxes, dialects, commands, cuts, (mails, dialect, asked, sizes) => {
        const server = new ModelServer(mails, dialect);
        // Whether a range is cut here or by the server depends on when the verdict came; what it says does not.
        const whole = understand(play(lines(asked), server, [1_000_000]).client);
        assert.deepEqual(understand(play(lines(asked), server, sizes).client), whole);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('survives a server whose bytes are damaged: no throw, no leak', () => {
    const damage = fc.array(
      fc.tuple(
        fc.nat(5_000),
        fc.constantFrom('', '"', '{', '}', '(', ')', '\r\n', '\0', ' ', '{5}\r\n', '* 1 FETCH ('),
      ),
      {
        maxLength: 6,
      },
    );
    fc.assert(
      fc.property(mailboxes, dialects, commands, damage, cuts, (mails, dialect, asked, holes, sizes) => {
        const mangle = (answer: string): string =>
          holes.reduce((bytes, [at, text]) => {
            const where = at % (bytes.length + 1);
            return bytes.slice(0, where) + text + bytes.slice(where + (text === '' ? 1 : 0));
          }, answer);
        const { client } = play(lines(asked), new ModelServer(mails, dialect), sizes, mangle);
        assert.ok(!client.includes(GUILTY), `leak in ${JSON.stringify(client)}`);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});
