import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findingOf, judgedMessage } from '../../test/support/judged-message.ts';
import type { JudgedMessage } from '../history/judgement-log.ts';
import type { Severity, Verdict } from '../scan/verdict.ts';
import { MAX_LISTED } from './alert.ts';
import { AlertBook, MAX_ALERTS, MAX_CONTENTS } from './alert-book.ts';

const INTERVAL = 1_000;
const REPEAT = 100_000;
const settings = { minSeverity: 'medium', intervalMs: INTERVAL, repeatMs: REPEAT } as const;

const digestOf = (number: number): string => number.toString(16).padStart(64, '0');

const contents = (count: number) =>
  Array.from({ length: count }, (_, i) => judgedMessage({ sha256: digestOf(i) }));

const found = (severity: Severity): Verdict => ({
  kind: 'suspicious',
  findings: [findingOf({ severity })],
});

function alertsOf(judged: readonly JudgedMessage[], minSeverity: Severity = 'medium') {
  const book = new AlertBook({ ...settings, minSeverity });
  for (const one of judged) book.record(one, 0);
  return book.take(INTERVAL);
}

const alertsFor = (verdict: Verdict, least: Severity) =>
  alertsOf([judgedMessage({ verdict })], least).alerts.length;

describe('the book of alerts', () => {
  it('makes one alert of fifty fetches, with what was done and for whom', () => {
    const judged = Array.from({ length: 50 }, (_, i) => judgedMessage({ user: i % 2 === 0 ? 'ann' : 'bob' }));
    const { alerts, unlisted } = alertsOf(judged);
    assert.equal(unlisted, 0);
    assert.equal(alerts.length, 1);
    const [alert] = alerts;
    assert.equal(alert?.fetches, 50);
    assert.deepEqual(alert?.users, ['ann', 'bob']);
    assert.deepEqual(alert?.actions, { neutralise: 50 });
    assert.deepEqual(alert?.rules, ['starter/Eicar']);
    assert.equal(alert?.severity, 'high');
  });

  it('collects for the interval', () => {
    const book = new AlertBook(settings);
    assert.equal(book.record(judgedMessage(), 500), 500 + INTERVAL);
    assert.equal(book.record(judgedMessage(), 600), undefined);
    assert.equal(book.take(499 + INTERVAL).alerts.length, 0);
    assert.equal(book.take(500 + INTERVAL).alerts[0]?.fetches, 2);
    assert.equal(book.nextDue, undefined);
  });

  it('only counts a content that it told of, until its time has come again', () => {
    const book = new AlertBook(settings);
    book.record(judgedMessage(), 0);
    book.take(INTERVAL);
    assert.equal(book.record(judgedMessage(), 2 * INTERVAL), INTERVAL + REPEAT);
    book.record(judgedMessage(), 3 * INTERVAL);
    assert.equal(book.take(INTERVAL + REPEAT - 1).alerts.length, 0);
    assert.equal(book.takeAll(INTERVAL + REPEAT - 1).alerts.length, 0, 'not even at the end');
    assert.equal(book.take(INTERVAL + REPEAT).alerts[0]?.fetches, 2);
  });

  it('gives away at the end what it was still collecting', () => {
    const book = new AlertBook(settings);
    book.record(judgedMessage(), 0);
    assert.equal(book.takeAll(1).alerts.length, 1);
  });

  it('tells of what is severe enough and of nothing else', () => {
    assert.equal(alertsFor(found('medium'), 'medium'), 1);
    assert.equal(alertsFor(found('medium'), 'high'), 0);
    assert.equal(alertsFor({ kind: 'clean' }, 'low'), 0);
    assert.equal(alertsFor({ kind: 'skipped', reason: 'excluded' }, 'low'), 0);
    assert.equal(alertsFor({ kind: 'unscannable', cause: 'encrypted', findings: [] }, 'medium'), 0);
    assert.equal(alertsFor({ kind: 'unscannable', cause: 'bomb', findings: [] }, 'medium'), 1);
  });

  it('puts together by its cause what nobody could read', () => {
    const verdict: Verdict = { kind: 'unscannable', cause: 'engine-failed', findings: [] };
    const { alerts } = alertsOf([1, 2, 3].map(() => judgedMessage({ verdict, sha256: '' })));
    assert.deepEqual(
      alerts.map(({ fetches, cause }) => [fetches, cause]),
      [[3, 'engine-failed']],
    );
  });

  it('lists as many contents as its limit says and counts one over', () => {
    assert.equal(alertsOf(contents(MAX_ALERTS)).unlisted, 0);
    const over = alertsOf(contents(MAX_ALERTS + 1));
    assert.deepEqual([over.alerts.length, over.unlisted], [MAX_ALERTS, 1]);
  });

  it('remembers a bounded number of contents and counts those that it forgot', () => {
    const { alerts, unlisted } = alertsOf(contents(MAX_CONTENTS + 1));
    assert.equal(alerts.length + unlisted, MAX_CONTENTS + 1);
    assert.equal(alerts[0]?.sha256, digestOf(1));
  });

  it('lists a bounded number of users and rules, each one short line', () => {
    const users = Array.from({ length: MAX_LISTED + 1 }, (_, i) => judgedMessage({ user: `u${i}` }));
    const [alert] = alertsOf(users).alerts;
    assert.equal(alert?.users.length, MAX_LISTED);
    assert.equal(alert?.moreUsers, true);
    const hostile = `a\r\nBcc: x\u{202e}${'y'.repeat(500)}`;
    const [bad] = alertsOf([judgedMessage({ user: hostile })]).alerts;
    assert.doesNotMatch(bad?.users.join('') ?? '', /[\r\n\u{202e}]/u);
    assert.equal(bad?.users[0]?.length, 100);
  });
});
