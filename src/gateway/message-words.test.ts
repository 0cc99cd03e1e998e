import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { finding } from '../../test/support/fake-scanner.ts';
import { createMetrics } from '../base/metrics.ts';
import type { Patch, ScanReport } from '../scan/scanner.ts';
import { MarkBook } from './mark-book.ts';
import { MessageWords } from './message-words.ts';
import { Overlay } from './overlay.ts';
import type { NoticeWording } from './policy/notice-wording.ts';
import type { MarkRequest } from './relay.ts';

const CONTEXT = { identity: 'INBOX;uidvalidity=1;uid=7', mailbox: 'INBOX', uid: '7' };

function reportOf(rule: string, kind: 'malicious' | 'suspicious' = 'malicious'): ScanReport {
  return {
    verdict: { kind, findings: [finding(rule)] },
    guilt: { kind: 'body' },
    sha256: 'ab'.repeat(32),
    bytes: 0,
    pieces: 1,
    generation: 'g',
    timings: { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 },
  };
}

function open(wording: Partial<NoticeWording>, family: 'imap' | 'pop3' = 'pop3', book = new MarkBook()) {
  const metrics = createMetrics(new Registry());
  const asked: MarkRequest[] = [];
  const words = new MessageWords({
    family,
    wording: () => ({ language: 'en', contact: 'c', ...wording }),
    mark: (request) => void asked.push(request),
    book,
    metrics,
  });
  const counted = async () =>
    (await metrics.words.get()).values.map(({ labels, value }) => [labels.kind, labels.outcome, value]);
  return { words, asked, counted };
}

async function substitute(
  { words }: ReturnType<typeof open>,
  message: string,
  body: string,
  rule = 'Eicar',
): Promise<string> {
  const whole = Buffer.from(message + body, 'latin1');
  const buffer = new SharedArrayBuffer(whole.length);
  new Uint8Array(buffer).set(whole);
  const patches: Patch[] = [{ offset: message.length, bytes: Buffer.from(body) }];
  const edits = await words.edits({ kind: 'memory', buffer, byteLength: whole.length }, patches, {
    user: 'ann',
    report: reportOf(rule),
    reference: 'abab',
  });
  const overlay = new Overlay(patches, whole.length, edits);
  const cuts = [overlay.apply(whole, 0)];
  for (let size = 1; size < 40; size += 7) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < whole.length; at += size) {
      pieces.push(overlay.apply(whole.subarray(at, at + size), at));
    }
    cuts.push(Buffer.concat(pieces));
  }
  const texts = new Set(cuts.map((one) => Buffer.from(one).toString('latin1')));
  assert.equal(texts.size, 1, 'the same however it is cut');
  const [text = ''] = texts;
  assert.equal(text.length, whole.length, 'the size stays');
  return text;
}

const HEADER = 'From: a@b\r\nSubject: Hello\r\n\r\n';
const BODY = `[Removed] ${'#'.repeat(300)}\r\n`;

describe('a substitute over POP3', () => {
  it('has the tag and the result headers, and its size', async () => {
    const opened = open({ subjectTag: '[detection %DETECTIONNAME%] ', resultHeaders: true });
    const text = await substitute(opened, HEADER, BODY);
    const header = text.split('\r\n\r\n', 1)[0]?.replace(/: +/gu, ': ');
    assert.deepEqual(header?.split('\r\n'), [
      'From: a@b',
      'Subject: [detection Eicar] Hello',
      'X-Postern-Result: malicious; action=neutralise; scan=abab',
      'X-Postern-Rule: test/Eicar',
    ]);
    assert.deepEqual(await opened.counted(), [['header', 'set', 1]]);
  });

  it('says nothing unless it is told to, and nothing to IMAP clients', async () => {
    assert.equal(await substitute(open({}), HEADER, BODY), HEADER + BODY);
    const imap = open({ subjectTag: 'x', resultHeaders: true }, 'imap');
    assert.equal(await substitute(imap, HEADER, BODY), HEADER + BODY);
  });

  it('takes no header of an attacker', async () => {
    const opened = open({ subjectTag: '[%DETECTIONNAME%]', resultHeaders: true });
    const text = await substitute(opened, HEADER, BODY, 'x\r\nBcc: y\r\n\r\n=?utf-8?Q?z?=\0');
    const header = text.split('\r\n\r\n', 1)[0] ?? '';
    assert.deepEqual(
      header.split('\r\n').map((line) => line.split(':', 1)[0]),
      ['From', 'Subject', 'X-Postern-Result', 'X-Postern-Rule'],
    );
    assert.doesNotMatch(header, /=\?|\0/u);
  });

  it('has no tag where there is no room, which is counted', async () => {
    const opened = open({ subjectTag: '[xy]' }); // with its blank 5 bytes, with padding 8
    const fits = await substitute(opened, HEADER, '#'.repeat(9));
    assert.match(fits, /Subject: +\[xy\] Hello/u);
    const small = await substitute(opened, HEADER, '#'.repeat(8));
    assert.equal(small, HEADER + '#'.repeat(8));
    assert.deepEqual(await opened.counted(), [
      ['header', 'set', 1],
      ['header', 'no-room', 1],
    ]);
  });

  it('has the tag alone where there is no room for both', async () => {
    const opened = open({ subjectTag: '[xy]', resultHeaders: true });
    const text = await substitute(opened, HEADER, '#'.repeat(40));
    assert.match(text, /Subject: +\[xy\] Hello/u);
    assert.doesNotMatch(text, /X-Postern/u);
  });

  it('has none when its header is overwritten or ambiguous', async () => {
    const opened = open({ subjectTag: 'x' });
    assert.doesNotMatch(await substitute(opened, 'no header\r\n\r\n', BODY), /x /u);
  });
});

function about(kind: 'malicious' | 'suspicious', action: 'neutralise' | 'deliver' | 'defer') {
  return { user: 'ann', context: CONTEXT, report: reportOf('R', kind), action } as const;
}

describe('keywords over IMAP', () => {
  const both = { keywords: ['$Phishing'], keywordsFound: ['Odd'] };

  it('are those of what was done', () => {
    const { words, asked } = open(both, 'imap');
    words.mark(about('malicious', 'neutralise'));
    words.mark(about('suspicious', 'deliver'));
    words.mark(about('malicious', 'defer'));
    assert.deepEqual(
      asked.map(({ uid, identity, keywords }) => [uid, identity, ...keywords]),
      [
        [7, CONTEXT.identity, '$Phishing'],
        [7, CONTEXT.identity, 'Odd'],
      ],
    );
  });

  it('are set once for a message, whatever session; what was not set is tried again', async () => {
    const book = new MarkBook();
    const first = open(both, 'imap', book);
    first.words.mark(about('malicious', 'neutralise'));
    first.asked[0]?.settle('refused');
    first.words.mark(about('malicious', 'neutralise'));
    first.asked[1]?.settle('set');
    const second = open(both, 'imap', book);
    second.words.mark(about('malicious', 'neutralise'));
    assert.deepEqual([first.asked.length, second.asked.length], [2, 0]);
    assert.deepEqual(await first.counted(), [
      ['keyword', 'refused', 1],
      ['keyword', 'set', 1],
    ]);
  });

  it('are not set over POP3, on messages without a UID, or unless configured', () => {
    for (const { words, asked } of [open(both, 'pop3'), open({}, 'imap')]) {
      words.mark(about('malicious', 'neutralise'));
      assert.equal(asked.length, 0);
    }
    const { words, asked } = open(both, 'imap');
    words.mark({ ...about('malicious', 'neutralise'), context: { identity: '', mailbox: '', uid: '' } });
    assert.equal(asked.length, 0);
  });

  it('remembers a bounded number of messages', () => {
    const book = new MarkBook(2);
    for (const identity of ['a', 'b', 'c']) book.add('ann', identity);
    assert.deepEqual(
      ['a', 'b', 'c'].map((identity) => book.has('ann', identity)),
      [false, true, true],
    );
    assert.equal(book.has('bob', 'c'), false);
  });
});
