import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, ScanLimitError } from './budget.ts';
import { ContentKey } from './content-key.ts';
import type { Engine } from './engines/engine.ts';
import { MAX_JOINED_BYTES, MAX_JOINED_PIECE_BYTES } from './joined-contents.ts';
import { PieceLedger } from './piece-ledger.ts';
import { PieceMatching } from './piece-matching.ts';
import { ScanOutcome } from './scan-outcome.ts';
import { TEST_LIMITS } from './test-limits.ts';

const WORD = 'marker';

/** Finds `marker` where no word goes on at its sides, as a rule with `fullword` does, and tells what it looked at. */
class WordEngine implements Engine {
  readonly name = 'words';
  readonly asksDigest = false;
  readonly inspected: string[] = [];
  readonly joined: string[] = [];
  /** Lengths of what was looked at through the sieve. */
  readonly looks: number[] = [];
  failsJoined = false;

  inspect(piece: { path: string; bytes: Uint8Array }, sha256: string, budget: Budget) {
    budget.checkTime();
    this.inspected.push(piece.path);
    const about = { engine: this.name, namespace: 'test', class: 'malicious', severity: 'high' } as const;
    return this.#matches(piece.bytes) ? [{ ...about, rule: 'word', part: piece.path, sha256 }] : [];
  }

  readonly mayMatch = (bytes: Uint8Array, budget: Budget): boolean => {
    budget.checkTime();
    this.looks.push(bytes.length);
    this.joined.push(Buffer.from(bytes).toString('latin1'));
    if (this.failsJoined) {
      throw new ScanLimitError('engine-failed', 'too much');
    }
    return this.#matches(bytes);
  };

  #matches(bytes: Uint8Array): boolean {
    return /\bmarker\b/.test(Buffer.from(bytes).toString('latin1'));
  }
}

function setUp() {
  const engine = new WordEngine();
  const clock = { ms: 0 };
  const outcome = new ScanOutcome();
  const ledger = new PieceLedger();
  const budget = new Budget({ ...TEST_LIMITS, timeMs: 1_000 }, () => clock.ms);
  const matching = new PieceMatching({ engines: [engine], now: () => clock.ms }, outcome, budget);
  const match = async (path: string, content: string | Buffer, sources?: Buffer[]): Promise<boolean> => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const { record } = ledger.note(ContentKey.of(bytes), { range: undefined });
    return await matching.match({ path, bytes, depth: 0 }, record, sources);
  };
  const found = (): string[] => {
    const verdict = outcome.verdict();
    return 'findings' in verdict ? verdict.findings.map(({ part }) => part) : [];
  };
  return { engine, clock, outcome, matching, match, found };
}

const LARGE = MAX_JOINED_PIECE_BYTES + 1;

describe('small pieces', () => {
  it('are looked at together once, and by themselves only when something may be there', async () => {
    const { engine, matching, match, found } = setUp();
    await match('1', 'first');
    await match('2', 'second');
    await matching.finish();
    assert.deepEqual([engine.joined.length, engine.inspected, matching.count], [1, [], 2]);
    await match('3', `a ${WORD}`);
    await match('4', 'fourth');
    await matching.finish();
    assert.deepEqual([engine.inspected, found()], [['3', '4'], ['3']]);
  });

  it('never make a match together that none of them makes, nor hide one', async () => {
    const { matching, match, found } = setUp();
    await match('1', WORD.slice(0, 3));
    await match('2', WORD.slice(3));
    await match('3', WORD);
    await match('4', `x${WORD}`);
    await matching.finish();
    assert.deepEqual(found(), ['3']);
  });

  it('wait up to their limit, and no piece that is longer waits', async () => {
    const { engine, match } = setUp();
    assert.equal(await match('large', Buffer.alloc(LARGE, 'x')), false);
    assert.equal(engine.looks.length, 1);
    assert.equal(await match('small', Buffer.alloc(MAX_JOINED_PIECE_BYTES, 'y')), true);
    assert.equal(engine.looks.length, 1);
    for (let length = 0; length <= MAX_JOINED_BYTES; length += MAX_JOINED_PIECE_BYTES) {
      await match(`more ${length}`, Buffer.alloc(MAX_JOINED_PIECE_BYTES, String(length)));
    }
    assert.equal(engine.looks.length, 2);
    assert.deepEqual(engine.inspected, []);
  });

  it('are looked at although the time is over by then', async () => {
    const { clock, matching, match, found } = setUp();
    await match('1', WORD);
    await match('2', 'other');
    clock.ms = 5_000;
    await matching.finish();
    assert.deepEqual(found(), ['1']);
  });

  it('are looked at one by one when the engine fails with all of them', async () => {
    const { engine, outcome, matching, match } = setUp();
    engine.failsJoined = true;
    await match('1', 'one');
    await match('2', 'two');
    await matching.finish();
    assert.deepEqual([engine.inspected, outcome.verdict().kind], [['1', '2'], 'clean']);
  });
});

describe('parts of a piece', () => {
  it('are not looked at again where nothing was found in it', async () => {
    const { engine, matching, match } = setUp();
    const whole = Buffer.alloc(4 * LARGE, 'text ');
    await match('whole', whole);
    await match('part', whole.subarray(5, 5 + LARGE + (5 - (LARGE % 5)) - 1));
    await match('copy', Buffer.from(whole.subarray(5, 5 + LARGE)));
    await matching.finish();
    assert.deepEqual(engine.looks, [whole.length, LARGE]);
  });

  it('are looked at where something was found in it', async () => {
    const { engine, match, found } = setUp();
    const whole = Buffer.concat([Buffer.alloc(LARGE, ' '), Buffer.from(WORD), Buffer.alloc(LARGE, ' ')]);
    await match('whole', whole);
    await match('part', whole.subarray(1, whole.length - 1));
    assert.deepEqual(
      [engine.inspected, found()],
      [
        ['whole', 'part'],
        ['whole', 'part'],
      ],
    );
  });

  it('are looked at where a word goes on over their edges', async () => {
    const { match, found } = setUp();
    const whole = Buffer.concat([
      Buffer.alloc(LARGE, ' '),
      Buffer.from(`x${WORD}`),
      Buffer.alloc(LARGE, ' '),
    ]);
    await match('whole', whole);
    await match('part', whole.subarray(LARGE + 1, whole.length - 1));
    assert.deepEqual(found(), ['part']);
  });

  it('wait beside it and are found in it', async () => {
    const { engine, matching, match, found } = setUp();
    const whole = Buffer.from(`head\n${WORD}\ntail`);
    await match('whole', whole);
    await match('part', whole.subarray(5, 5 + WORD.length));
    await matching.finish();
    assert.equal(engine.joined[0]?.split(WORD).length, 2);
    assert.deepEqual(found(), ['whole', 'part']);
  });
});
