import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanReport } from '../../scan/scanner.ts';
import type { Verdict } from '../../scan/verdict.ts';
import { replacementNotice } from './replacement-notice.ts';

function reportOf(verdict: Verdict): ScanReport {
  const timings = { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 };
  return { verdict, guilt: { kind: 'body' }, sha256: '', bytes: 0, pieces: 0, generation: '', timings };
}

function matched(rule: string, part: string): Verdict {
  const sha256 = '0'.repeat(64);
  const finding = {
    engine: 'e',
    rule,
    namespace: 'n',
    class: 'malicious',
    severity: 'high',
    part,
    sha256,
  } as const;
  return { kind: 'malicious', findings: [finding] };
}

describe('the notice', () => {
  it('names rule, piece and scan, and where the original is', () => {
    const text = replacementNotice(reportOf(matched('Eicar', '2/invoice.zip/a.js')), 'ab12-3-4');
    for (const word of ['Eicar', '2/invoice.zip/a.js', 'ab12-3-4', 'original is kept in quarantine']) {
      assert.ok(text.includes(word), word);
    }
  });

  it('names the cause when nothing was found', () => {
    const text = replacementNotice(reportOf({ kind: 'unscannable', cause: 'timeout', findings: [] }), '1');
    assert.ok(text.includes('could not be scanned: timeout'));
  });

  it('is one short line of harmless ASCII whatever an attacker calls his files', () => {
    const evil = '<script>\r\n--boundary\r\nFrom x\u202e"\'&;=é\0'.repeat(1000);
    const text = replacementNotice(reportOf(matched(evil, evil)), evil);
    assert.match(text, /^[A-Za-z0-9 ,.:/_[\]-]*$/);
    assert.ok(text.length < 500, `${text.length}`);
    assert.ok(!text.includes('--'));
  });
});
