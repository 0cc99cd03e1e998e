import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanReport } from '../../scan/scanner.ts';
import type { Finding } from '../../scan/verdict.ts';
import { MAX_ENTRY_BYTES, VerdictSeal, type VerdictName } from './verdict-seal.ts';

const SECRET = 's'.repeat(32);
const NAME: VerdictName = { sha256: 'a'.repeat(64), subject: 'message', generation: 'g1' };
const DAY_MS = 86_400_000;

function seal(more: { secret?: string; settings?: string; now?: () => number } = {}): VerdictSeal {
  return new VerdictSeal({ secret: SECRET, settings: '{}', maxAgeMs: DAY_MS, now: () => 1_000, ...more });
}

function report(more: Partial<ScanReport> = {}): ScanReport {
  return {
    verdict: { kind: 'clean' },
    guilt: { kind: 'body' },
    sha256: NAME.sha256,
    bytes: 10,
    pieces: 2,
    generation: NAME.generation,
    timings: { queueMs: 1, decodeMs: 1, matchMs: 1, totalMs: 3 },
    ...more,
  };
}

function finding(part: string): Finding {
  return {
    engine: 'yara',
    rule: 'R',
    namespace: 'n',
    class: 'malicious',
    severity: 'high',
    part,
    sha256: 'b'.repeat(64),
  };
}

function sealed(of: ScanReport, by = seal()): { readonly key: string; readonly entry: Buffer } {
  const key = by.keyOf(NAME);
  const entry = by.seal(key, of);
  assert.ok(entry !== undefined);
  return { key, entry };
}

describe('a sealed verdict', () => {
  const kinds: readonly ScanReport['verdict'][] = [
    { kind: 'clean' },
    { kind: 'malicious', findings: [finding('1/a.zip')] },
    { kind: 'suspicious', findings: [finding('raw')] },
    { kind: 'unscannable', cause: 'bomb', findings: [], detail: 'too much' },
    { kind: 'unscannable', cause: 'encrypted', findings: [finding('2')] },
  ];
  for (const verdict of kinds) {
    it(`comes back as it was: ${JSON.stringify(verdict).slice(0, 60)}`, () => {
      const guilt = { kind: 'ranges', ranges: [{ start: 3, end: 9, encoding: 'base64' }] } as const;
      const { key, entry } = sealed(report({ verdict, guilt }));
      const timings = { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 };
      assert.deepEqual(seal().open(key, entry, NAME), report({ verdict, guilt, timings }));
    });
  }

  it('is refused with any one byte changed, added or missing', () => {
    const { key, entry } = sealed(report({ verdict: { kind: 'malicious', findings: [finding('1')] } }));
    for (let at = 0; at < entry.length; at += 1) {
      const changed = Buffer.from(entry);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(seal().open(key, changed, NAME), undefined);
      assert.equal(seal().open(key, entry.subarray(0, at), NAME), undefined);
    }
    assert.equal(seal().open(key, Buffer.concat([entry, Buffer.from(' ')]), NAME), undefined);
  });

  it('is refused under another key: a clean one cannot stand in for malware', () => {
    const { entry } = sealed(report());
    const other = { ...NAME, sha256: 'c'.repeat(64) };
    assert.equal(seal().open(seal().keyOf(other), entry, other), undefined);
    assert.equal(seal().open(seal().keyOf(other), entry, NAME), undefined);
  });

  it('is refused with another secret, and with other settings', () => {
    const { key, entry } = sealed(report());
    assert.equal(seal({ secret: 't'.repeat(32) }).open(key, entry, NAME), undefined);
    assert.equal(seal({ settings: '{"limits":1}' }).open(key, entry, NAME), undefined);
  });

  it('is refused when it names other content or rules than were asked for', () => {
    const key = seal().keyOf(NAME);
    const otherContent = seal().seal(key, report({ sha256: 'd'.repeat(64) }));
    const otherRules = seal().seal(key, report({ generation: 'g2' }));
    assert.ok(otherContent !== undefined && otherRules !== undefined);
    assert.equal(seal().open(key, otherContent, NAME), undefined);
    assert.equal(seal().open(key, otherRules, NAME), undefined);
  });

  it('is used up to its age and not a millisecond longer, and not from a far future', () => {
    const { key, entry } = sealed(report());
    assert.notEqual(seal({ now: () => 1_000 + DAY_MS }).open(key, entry, NAME), undefined);
    assert.equal(seal({ now: () => 1_001 + DAY_MS }).open(key, entry, NAME), undefined);
    assert.notEqual(seal({ now: () => 1_000 - 300_000 }).open(key, entry, NAME), undefined);
    assert.equal(seal({ now: () => 999 - 300_000 }).open(key, entry, NAME), undefined);
  });

  it('is made up to its size and not above', () => {
    const by = seal();
    const key = by.keyOf(NAME);
    const withParts = (count: number) =>
      by.seal(
        key,
        report({
          verdict: {
            kind: 'malicious',
            findings: Array.from({ length: count }, () => finding('p'.repeat(200))),
          },
        }),
      );
    assert.equal(withParts(1_000), undefined);
    assert.ok((withParts(10)?.length ?? Infinity) <= MAX_ENTRY_BYTES);
    assert.equal(by.open(key, Buffer.alloc(MAX_ENTRY_BYTES + 1), NAME), undefined);
  });

  it('has a key that does not tell what it is about, and depends on all of it', () => {
    const keys = [
      seal().keyOf(NAME),
      seal().keyOf({ ...NAME, sha256: 'e'.repeat(64) }),
      seal().keyOf({ ...NAME, subject: 'fragment' }),
      seal().keyOf({ ...NAME, generation: 'g2' }),
      seal({ settings: '1' }).keyOf(NAME),
      seal({ secret: 't'.repeat(32) }).keyOf(NAME),
    ];
    assert.equal(new Set(keys).size, keys.length);
    keys.forEach((key) => assert.match(key, /^postern:verdict:[\w-]{43}$/u));
  });
});
