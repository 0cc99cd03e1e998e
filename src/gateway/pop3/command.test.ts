import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isForeignProtocol, parseCommand, verbOf } from './command.ts';

function kindOf(text: string): string {
  const line = Buffer.from(text);
  return parseCommand(verbOf(line), line, false).kind;
}

describe('a command', () => {
  it('has a verb of a closed set', () => {
    assert.equal(verbOf(Buffer.from('retr 1')), 'RETR');
    assert.equal(verbOf(Buffer.from('xtnd xmit')), 'XTND');
    for (const line of ['', ' RETR 1', 'RETR\t1', 'constructor', '__proto__', 'RETRIEVE 1', 'A'.repeat(99)]) {
      assert.equal(verbOf(Buffer.from(line)), 'unknown', line);
    }
  });
  it('goes on only in a form that has one reading', () => {
    for (const good of [
      'RETR 1',
      'TOP 1 0',
      'LIST',
      'LIST 2',
      'UIDL',
      'DELE 1',
      'STAT',
      'LANG *',
      'AUTH PLAIN =',
    ]) {
      assert.notEqual(kindOf(good), 'refused', good);
    }
    for (const bad of [
      'RETR',
      'RETR x',
      'RETR 1 1',
      'TOP 1',
      'STAT 1',
      'USER',
      'APOP bob',
      'AUTH PLAIN a',
      'X',
    ]) {
      assert.equal(kindOf(bad), 'refused', bad);
    }
  });
  it('keeps blanks of a password', () => {
    const command = parseCommand('PASS', Buffer.from('PASS  a  b '), false);
    assert.ok(command.kind === 'pass' && command.wire.equals(Buffer.from('PASS  a  b \r\n')));
  });
  it('of another protocol is known by its first line', () => {
    for (const line of ['GET / HTTP/1.1', 'get /', 'EHLO x', 'M-SEARCH * HTTP/1.1', 'HEAD']) {
      assert.ok(isForeignProtocol(Buffer.from(line)), line);
    }
    for (const line of ['USER get', 'PASS http/1', 'GETTER', 'CAPA']) {
      assert.ok(!isForeignProtocol(Buffer.from(line)), line);
    }
  });
});
