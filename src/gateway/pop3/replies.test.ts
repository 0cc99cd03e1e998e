import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freeText, greetingText, parseStatus, REPLIES, statusLine } from './replies.ts';

describe('what the gateway says', () => {
  it('has only characters that no client takes for syntax', () => {
    for (const text of Object.values(REPLIES)) {
      assert.match(text, /^(?:\+OK|-ERR(?: \[SYS\/(?:TEMP|PERM)\])?) [A-Za-z0-9 ,.:-]+$/u);
    }
  });
  it('is at most 512 octets long', () => {
    assert.equal(statusLine(true, 'x'.repeat(506)).length, 512);
    assert.equal(statusLine(true, 'x'.repeat(507)).length, 512);
    assert.equal(statusLine(false, '').toString(), '-ERR\r\n');
  });
});

describe('a status line', () => {
  it('is +OK or -ERR, alone or before a blank', () => {
    assert.deepEqual(parseStatus(Buffer.from('+OK')), { ok: true, text: '' });
    assert.deepEqual(parseStatus(Buffer.from('-err x')), { ok: false, text: 'x' });
    for (const line of ['', '+', '+OKAY', 'OK', ' +OK', '+OK\tx', '* OK', '+ x']) {
      assert.equal(parseStatus(Buffer.from(line)), undefined, line);
    }
  });
});

describe('text of a server', () => {
  it('keeps known response codes and loses others', () => {
    assert.equal(freeText('[SYS/TEMP] later'), '[SYS/TEMP] later');
    assert.equal(freeText('[login-delay 5] later'), '[login-delay 5] later');
    assert.equal(freeText('[REFERRAL pop://x/] go'), 'go');
    assert.equal(freeText('[AUTH'), '[AUTH');
  });
  it('loses what could be taken for a literal, a string or a terminal command', () => {
    assert.equal(freeText('a {5} "b" \x1b[2J\x00'), 'a ?5? ?b? ?[2J?');
  });
  it('keeps an APOP timestamp to the octet, or not at all', () => {
    assert.equal(greetingText('hi <1.2@h> there', true), 'hi <1.2@h>');
    assert.equal(greetingText('hi <1.2@h> there', false), 'hi');
    assert.equal(greetingText('hi <not a timestamp>', true), 'hi not a timestamp');
  });
});
