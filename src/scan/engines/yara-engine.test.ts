import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, type ScanLimits, ScanLimitError } from '../budget.ts';
import type { Piece } from '../piece.ts';
import type { Finding } from '../verdict.ts';
import { loadYara, type YaraBinding } from './yara-binding.ts';
import { compileRules } from './yara-compiler.ts';
import { createYaraEngine, engineTimeoutMs } from './yara-engine.ts';

const MARKER = 'POSTERN-TEST';
const UNBOUNDED = Number.MAX_SAFE_INTEGER;
const LIMITS: ScanLimits = {
  maxMessageBytes: UNBOUNDED,
  maxMimeDepth: UNBOUNDED,
  maxParts: UNBOUNDED,
  maxHeaderBytes: UNBOUNDED,
  maxHeaderFields: UNBOUNDED,
  maxViews: UNBOUNDED,
  maxContainerDepth: UNBOUNDED,
  maxPieces: UNBOUNDED,
  maxObjectBytes: UNBOUNDED,
  maxTotalBytes: UNBOUNDED,
  maxRatio: UNBOUNDED,
  ratioFloorBytes: UNBOUNDED,
  timeMs: 10_000,
};

const budget = (timeMs = 10_000, now: () => number = () => 0) => new Budget({ ...LIMITS, timeMs }, now);
const piece = (bytes: Uint8Array): Piece => ({ path: '2/a.zip/b.js', bytes, depth: 1 });
const rule = (name: string, meta = '') => `rule ${name} { ${meta} strings: $m = "${MARKER}" condition: $m }`;

function serialise(...sources: readonly string[]): Uint8Array {
  const compiled = compileRules(
    sources.map((source, index) => ({ source, namespace: `ns${index}`, path: `${index}.yar` })),
  );
  assert.equal(compiled.kind, 'compiled');
  return compiled.serialised;
}

async function inspect(bytes: Uint8Array, ...sources: readonly string[]): Promise<readonly Finding[]> {
  return await createYaraEngine(serialise(...sources)).inspect(piece(bytes), 'd1', budget());
}

describe('YARA engine', () => {
  it('reports every matching rule of every namespace with the piece it was found in', async () => {
    const found = await inspect(
      Buffer.from(`x${MARKER}`),
      rule('one'),
      rule('two'),
      'rule three { condition: false }',
    );
    assert.deepEqual(
      found.map(({ rule, namespace, part, sha256, engine }) => [rule, namespace, part, sha256, engine]),
      [
        ['one', 'ns0', '2/a.zip/b.js', 'd1', 'yara'],
        ['two', 'ns1', '2/a.zip/b.js', 'd1', 'yara'],
      ],
    );
  });

  it('takes class and severity from the rule', async () => {
    const [found] = await inspect(
      Buffer.from(MARKER),
      rule('r', 'meta: class = "suspicious" severity = "low"'),
    );
    assert.deepEqual([found?.class, found?.severity], ['suspicious', 'low']);
  });

  it('calls a rule without or with unknown meta malicious and high', async () => {
    const found = await inspect(
      Buffer.from(MARKER),
      rule('bare'),
      rule('odd', 'meta: class = 7 severity = "extreme"'),
    );
    assert.deepEqual(
      found.map((finding) => [finding.class, finding.severity]),
      [
        ['malicious', 'high'],
        ['malicious', 'high'],
      ],
    );
  });

  it('reads shared memory without a copy, and only the view it was given', async () => {
    const shared = new SharedArrayBuffer(64);
    Buffer.from(shared).write(MARKER, 20, 'latin1');
    const end = 20 + MARKER.length;
    assert.equal((await inspect(new Uint8Array(shared, 20, MARKER.length), rule('r'))).length, 1);
    assert.equal((await inspect(new Uint8Array(shared, 0, end), rule('r'))).length, 1);
    assert.equal((await inspect(new Uint8Array(shared, 0, end - 1), rule('r'))).length, 0);
  });

  it('finds nothing in no bytes', async () => {
    assert.deepEqual(await inspect(new Uint8Array(0), rule('r')), []);
  });

  it('is built from rules in shared memory', async () => {
    const rules = serialise(rule('r'));
    const shared = new Uint8Array(new SharedArrayBuffer(rules.byteLength));
    shared.set(rules);
    const found = await createYaraEngine(shared).inspect(piece(Buffer.from(MARKER)), 'd', budget());
    assert.equal(found.length, 1);
  });

  it('refuses bytes that are no compiled rules', () => {
    assert.throws(() => createYaraEngine(Buffer.from('junk')));
  });

  it('starts no scan once the budget is spent', async () => {
    let now = 0;
    const spent = budget(100, () => now);
    const engine = createYaraEngine(serialise(rule('r')));
    now = 99;
    assert.equal((await engine.inspect(piece(Buffer.from(MARKER)), 'd', spent)).length, 1);
    now = 100;
    assert.throws(
      () => engine.inspect(piece(Buffer.from(MARKER)), 'd', spent),
      (reason) => reason instanceof ScanLimitError && reason.scanCause === 'timeout',
    );
  });

  it('stops a slow rule by the engine itself, says timeout, and goes on working', () => {
    const rules = loadYara().compile('rule slow { strings: $a = /[a-z]{4,200}\\d/ condition: $a }', {});
    const engine = createYaraEngine(rules.serialize());
    const slow = budget(1);
    assert.throws(
      () => engine.inspect(piece(Buffer.alloc(32 * 1024 * 1024, 'a')), 'd', slow),
      (reason) => reason instanceof ScanLimitError && reason.scanCause === 'timeout',
    );
    assert.deepEqual(engine.inspect(piece(Buffer.from('abc')), 'd', budget()), []);
  });

  it('says engine-failed when the engine fails otherwise', () => {
    const broken: YaraBinding = {
      ...loadYara(),
      deserialize: () => ({
        scan: () => {
          throw new Error('panicked');
        },
        addRuleSources: () => undefined,
        setTimeout: () => undefined,
        setMaxMatchesPerPattern: () => undefined,
        serialize: () => new Uint8Array(),
      }),
    };
    const engine = createYaraEngine(new Uint8Array(), broken);
    assert.throws(
      () => engine.inspect(piece(Buffer.from('x')), 'd', budget()),
      (reason) => reason instanceof ScanLimitError && reason.scanCause === 'engine-failed',
    );
  });

  it('never sets a timeout that may cancel a healthy scan, and never one below what is left', () => {
    assert.equal(engineTimeoutMs(0), 2_000);
    assert.equal(engineTimeoutMs(1_000), 2_000);
    assert.equal(engineTimeoutMs(1_001), 3_000);
    assert.equal(engineTimeoutMs(9_000), 10_000);
  });
});
