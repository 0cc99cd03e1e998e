import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ScanReport } from '../../scan/scanner.ts';
import type { Verdict } from '../../scan/verdict.ts';
import { NOTICE_LANGUAGES, NOTICE_PLACES, noticeSchema } from '../../base/config/notice-schema.ts';
import { NoticeWordings, WORDS } from './notice-wording.ts';
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
    assert.ok(text.length < 600, `${text.length}`);
    assert.ok(!text.includes('--'));
  });

  it('says in every language what was found, where, and how to get it back, in 7 bits', () => {
    const report = { ...reportOf(matched('Eicar', '2/a.js')), sha256: `${'ab'.repeat(8)}${'0'.repeat(48)}` };
    const texts = NOTICE_LANGUAGES.map((language) =>
      replacementNotice(report, 'scan-7', { language, contact: 'it@example.org' }),
    );
    assert.equal(new Set(texts).size, NOTICE_LANGUAGES.length);
    for (const text of texts) {
      assert.match(text, /^\[[A-Za-z0-9 ,.:/_@-]*\] $/);
      for (const word of ['Eicar', '2/a.js', 'scan-7', 'abababababababab.', 'it@example.org']) {
        assert.ok(text.includes(word), `${word}: ${text}`);
      }
    }
  });

  it('leaves no place open, whatever the verdict', () => {
    const verdicts: Verdict[] = [
      { kind: 'unscannable', cause: 'bomb', findings: [] },
      { kind: 'skipped', reason: 'excluded' },
      matched('R', '1'),
    ];
    for (const language of NOTICE_LANGUAGES) {
      for (const verdict of verdicts) {
        const text = replacementNotice(reportOf(verdict), 's', { language, contact: 'c' });
        assert.doesNotMatch(text, /[{}]/);
      }
      assert.match(WORDS[language].notice, /\{reason\}.*\{contact\}.*\{digest\}/);
    }
  });

  it('takes the words of the configuration, and no place in what is filled in', () => {
    const text = NOTICE_PLACES.map((place) => `{${place}}`).join(' ');
    const report = { ...reportOf(matched('{contact}', '{scan}')), sha256: 'c'.repeat(64) };
    const notice = replacementNotice(report, '9', { language: 'en', contact: 'ann', text });
    assert.equal(notice, '[Rule _contact_ matched in part _scan_. _contact_ _scan_ cccccccccccccccc 9 ann] ');
  });

  it('refuses words of the configuration that could mean something in mail', () => {
    for (const bad of ['a\nb', '<b>', 'a -- b', '{other}', 'å', '']) {
      assert.equal(noticeSchema.safeParse({ text: bad }).success, false, bad);
    }
    assert.ok(noticeSchema.safeParse({ text: 'Ask {contact}, give {digest}.' }).success);
    assert.equal(noticeSchema.safeParse({ contact: 'x'.repeat(121) }).success, false);
    assert.ok(noticeSchema.safeParse({ contact: 'x'.repeat(120) }).success);
  });

  it('chooses by the domain of the user, then by the port of the listener', () => {
    const wordings = new NoticeWordings(
      noticeSchema.parse({
        choices: [
          { ports: [1143], language: 'de' },
          { domains: ['Example.SE'], language: 'sv' },
        ],
      }),
    );
    assert.equal(wordings.of(143, 'ann').language, 'en');
    assert.equal(wordings.of(1143, 'ann').language, 'de');
    assert.equal(wordings.of(1143, 'ann@example.se').language, 'sv');
  });
});
