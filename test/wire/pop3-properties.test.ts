import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { ACTIONS, type Action } from '../../src/gateway/policy/action.ts';
import { createPop3Relay } from '../../src/gateway/pop3/pop3-relay.ts';
import { MAX_RETRIEVALS } from '../../src/gateway/pop3/limits.ts';
import type { RelaySettings } from '../../src/gateway/relay.ts';
import { RelayHarness } from '../support/relay-harness.ts';
import { createRandom, cutAt } from './chunkings.ts';
import { LIES, LyingPop3Server, MARKER, type Lie } from './lying-pop3-server.ts';

/** More for a long run: `POSTERN_FUZZ_RUNS=100000 npm test -- test/wire/pop3-properties`. */
const RUNS = Number(process.env['POSTERN_FUZZ_RUNS'] ?? '300');
const MARKER_CHARS = 16;

const SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: false,
  maxLiteralBytes: 4096,
  scanUploads: true,
};

interface Round {
  readonly commands: readonly string[];
  readonly verdicts: readonly Action[];
  readonly hold: boolean;
  readonly ticks: number;
}

interface Script {
  readonly rounds: readonly Round[];
  readonly lies: readonly Lie[];
}

interface Outcome {
  readonly client: string;
  readonly upstream: string;
  readonly closed: string | undefined;
}

type Cut = (bytes: Buffer) => Buffer[];

const COMMANDS = `RETR 1,RETR 2,RETR 1,TOP 1 0,TOP 1 2,TOP 2 99999999,LIST,UIDL,LIST 1,UIDL 2,STAT,NOOP,DELE 1,RSET,CAPA,LANG,LANG de,UTF8,XTND XMIT,NONSENSE,RETR x,QUIT,`;
const command = fc.constantFrom(...COMMANDS.split(','));

const script: fc.Arbitrary<Script> = fc.record({
  rounds: fc.array(
    fc.record({
      commands: fc.array(command, { minLength: 1, maxLength: 7 }),
      verdicts: fc.array(fc.constantFrom(...ACTIONS), { minLength: 1, maxLength: 3 }),
      hold: fc.boolean(),
      ticks: fc.nat(6),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  lies: fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant<Lie>('honest') }, fc.constantFrom(...LIES)), {
    minLength: 1,
    maxLength: 8,
  }),
});

class Session {
  readonly server: LyingPop3Server;
  readonly harness: RelayHarness;
  readonly #allowed = new Set<string>();
  readonly #cut: Cut;
  #verdicts: Action[] = [];
  #answered = 0;
  #tail = '';

  constructor(lies: readonly Lie[], cut: Cut) {
    this.#cut = cut;
    this.server = new LyingPop3Server(lies);
    this.harness = new RelayHarness(createPop3Relay(SETTINGS), {
      verdict: (_scan, content) => this.#judge(content),
      onWrite: (to, bytes) => {
        if (to === 'client') this.#inspect(bytes);
      },
    });
  }

  play(rounds: readonly Round[]): Outcome {
    this.#upstreamSays(Buffer.from('+OK ready\r\n'));
    this.#clientSays(['USER bob']);
    this.#upstreamSays(Buffer.from('+OK\r\n'));
    this.#clientSays(['PASS secret']);
    this.#upstreamSays(Buffer.from('+OK\r\n'));
    this.#answered = this.harness.writes.upstream.length;
    for (const round of rounds) {
      this.#play(round);
    }
    const { harness } = this;
    return {
      client: harness.written('client').toString('latin1'),
      upstream: harness.written('upstream').toString('latin1'),
      closed: harness.closed,
    };
  }

  #play({ commands, verdicts, hold, ticks }: Round): void {
    this.#verdicts = [...verdicts];
    this.harness.hold = hold;
    this.#clientSays(commands);
    this.#serve();
    for (let count = 0; count < ticks && this.harness.relay.isHolding; count += 1) {
      this.harness.tick();
    }
    this.harness.releaseVerdicts();
    this.#serve();
  }

  /** The server answers until nothing is asked any more. */
  #serve(): void {
    const { writes } = this.harness;
    while (this.#answered < writes.upstream.length && this.harness.closed === undefined) {
      const asked = Buffer.concat(writes.upstream.slice(this.#answered));
      this.#answered = writes.upstream.length;
      this.#upstreamSays(this.server.answer(asked));
    }
  }

  #clientSays(commands: readonly string[]): void {
    for (const chunk of this.#cut(Buffer.from(commands.map((line) => `${line}\r\n`).join('')))) {
      this.harness.fromClient(chunk);
    }
  }

  #upstreamSays(bytes: Buffer): void {
    for (const chunk of this.#cut(bytes)) {
      this.harness.fromUpstream(chunk);
    }
  }

  /** What is to be delivered may be seen from the verdict on; nothing else ever. */
  #judge(content: Buffer): Action {
    const action = this.#verdicts.shift() ?? 'deliver';
    if (action === 'deliver' && !this.harness.hold) {
      for (const marker of content.toString('latin1').match(MARKER) ?? []) {
        this.#allowed.add(marker);
      }
    }
    return action === 'deliver' && this.harness.hold ? 'neutralise' : action;
  }

  #inspect(bytes: Buffer): void {
    const seen = this.#tail + bytes.toString('latin1');
    this.#tail = seen.slice(-MARKER_CHARS);
    for (const marker of seen.match(MARKER) ?? []) {
      assert.ok(this.#allowed.has(marker), `${marker} reached the client without a clean verdict`);
    }
  }
}

function randomCut(seed: number): Cut {
  const random = createRandom(seed);
  return (bytes) =>
    cutAt(
      bytes,
      Array.from({ length: 6 }, () => Math.floor(random() * bytes.length)),
    );
}

const whole: Cut = (bytes) => [bytes];
const single: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));

/** How far the client's commands had got when the server broke the protocol depends on when verdicts came. */
function assertSame(actual: Outcome, expected: Outcome): void {
  assert.equal(actual.client, expected.client);
  assert.equal(actual.closed, expected.closed);
  if (expected.closed !== 'upstream-protocol-error') {
    assert.equal(actual.upstream, expected.upstream);
  }
}

describe('any POP3 session with a server that lies', () => {
  it('shows no unscanned content, throws nothing, and is the same however its bytes are cut', () => {
    fc.assert(
      fc.property(script, fc.nat(), ({ rounds, lies }, seed) => {
        const reference = new Session(lies, whole).play(rounds);
        for (const cut of [single, randomCut(seed)]) {
          assertSame(new Session(lies, cut).play(rounds), reference);
        }
      }),
      { numRuns: RUNS, seed: 20_260_202 },
    );
  });
  it('keeps no more than the messages in flight', () => {
    fc.assert(
      fc.property(script, ({ rounds, lies }) => {
        const session = new Session(lies, whole);
        session.play(rounds);
        assert.ok(session.harness.openEntries <= MAX_RETRIEVALS);
        // A server that never ends a message is stopped by the limit of the settings.
        const largest = Math.max(session.server.largest, SETTINGS.maxLiteralBytes);
        assert.ok(session.harness.peakSpoolBytes <= MAX_RETRIEVALS * largest);
      }),
      { numRuns: RUNS, seed: 20_260_203 },
    );
  });
});

/** Content of a message as a server keeps it: any octets, ending in CRLF; forged ends have their own test. */
const octets = fc.array(fc.constantFrom(0x0d, 0x0a, 0x2e, 0x61, 0x00, 0xff), { maxLength: 40 });
const message = octets
  .map((values) => Buffer.from([...values, 0x0d, 0x0a]).toString('latin1'))
  .filter((text) => !/(?:(?<!\r)\n|\r(?!\n))\.[\r\n]/u.test(text));

describe('any clean message', () => {
  it('reaches the client exactly as the server sent it', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 4 }), fc.nat(), (messages, seed) => {
        const cut = randomCut(seed);
        const harness = new RelayHarness(createPop3Relay(SETTINGS));
        const wire = messages.map((text) => `+OK\r\n${text.replace(/(?<=^|\r\n)\./gu, '..')}.\r\n`).join('');
        const before = '+OK ready\r\n+OK\r\n+OK\r\n';
        harness.fromUpstream(Buffer.from('+OK ready\r\n'));
        harness.fromClient(Buffer.from('USER bob\r\n'));
        harness.fromUpstream(Buffer.from('+OK\r\n'));
        harness.fromClient(Buffer.from('PASS secret\r\n'));
        harness.fromUpstream(Buffer.from('+OK\r\n'));
        harness.fromClient(Buffer.from(messages.map((_, at) => `RETR ${at + 1}\r\n`).join('')));
        for (const chunk of cut(Buffer.from(wire, 'latin1'))) {
          harness.fromUpstream(chunk);
        }
        assert.equal(harness.written('client').toString('latin1'), before + wire);
        assert.equal(harness.openEntries, 0);
      }),
      { numRuns: RUNS, seed: 20_260_204 },
    );
  });
});
