import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RelayHarness } from '../../../test/support/relay-harness.ts';
import type { RelaySettings } from '../relay.ts';
import { MAX_BACKLOG, MAX_OUTSTANDING, MAX_REMEMBERED_UIDLS, SATURATED_BACKLOG } from './limits.ts';
import { createPop3Relay } from './pop3-relay.ts';

const SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: false,
  maxLiteralBytes: 64 * 1024 * 1024,
  scanUploads: true,
};

/** A session behind its login. */
function loggedIn(): RelayHarness {
  const harness = new RelayHarness(createPop3Relay(SETTINGS));
  harness.fromUpstream(Buffer.from('+OK ready\r\n'));
  harness.fromClient(Buffer.from('USER bob\r\nPASS secret\r\n'));
  harness.fromUpstream(Buffer.from('+OK\r\n+OK\r\n'));
  return harness;
}

function retrieve(harness: RelayHarness, message: number): string {
  harness.fromClient(Buffer.from(`RETR ${message}\r\n`));
  harness.fromUpstream(Buffer.from('+OK\r\na\r\n.\r\n'));
  return harness.scans.at(-1)?.context.uid ?? '';
}

/** Commands that are outstanding, and as many octets of further ones as asked for. */
function pipeline(harness: RelayHarness, waiting: number): void {
  harness.fromClient(Buffer.from('NOOP\r\n'.repeat(MAX_OUTSTANDING)));
  // One more is understood and waits; the octets behind it are not parsed.
  harness.fromClient(Buffer.from(`NOOP\r\n${'x'.repeat(waiting)}`));
}

/** What the client hears, and why the session ends. */
const said = (harness: RelayHarness) =>
  harness.relay.unavailable('deferred').map((effect) => {
    if (effect.kind === 'send') return Buffer.from(effect.bytes).toString();
    return effect.kind === 'close' ? effect.reason : effect.kind;
  });

describe('POP3 relay', () => {
  it('asks the session to stop reading a client that is far ahead, and to go on', () => {
    const harness = loggedIn();
    pipeline(harness, SATURATED_BACKLOG - 1);
    assert.equal(harness.relay.isSaturated, false);
    harness.fromClient(Buffer.from('x'));
    assert.equal(harness.relay.isSaturated, true);
    harness.fromUpstream(Buffer.from('+OK\r\n'.repeat(MAX_OUTSTANDING)));
    assert.equal(harness.relay.isSaturated, false);
  });
  it('ends the session of a client that is too far ahead all the same', () => {
    const harness = loggedIn();
    pipeline(harness, MAX_BACKLOG);
    assert.equal(harness.closed, undefined);
    harness.fromClient(Buffer.from('x'));
    assert.equal(harness.closed, 'limit-exceeded');
  });
  it('remembers as many UIDLs as the limit says', () => {
    const harness = loggedIn();
    const lines = Array.from({ length: MAX_REMEMBERED_UIDLS + 1 }, (_, at) => `${at + 1} uid-${at + 1}\r\n`);
    harness.fromClient(Buffer.from('UIDL\r\n'));
    harness.fromUpstream(Buffer.from(`+OK\r\n${lines.join('')}.\r\n`));
    assert.equal(retrieve(harness, MAX_REMEMBERED_UIDLS), `uid-${MAX_REMEMBERED_UIDLS}`);
    assert.equal(retrieve(harness, MAX_REMEMBERED_UIDLS + 1), '');
    const listed = `+OK\r\n${lines.join('')}.\r\n`;
    assert.ok(harness.written('client').includes(listed));
  });
  it('writes the end of a listing and its terminator at once', () => {
    const harness = loggedIn();
    harness.fromClient(Buffer.from('LIST\r\n'));
    for (const piece of ['+OK\r\n', '1 10\r\n', '2 20\r\n', '.', '\r', '\n']) {
      harness.fromUpstream(Buffer.from(piece));
    }
    assert.equal(harness.writes.client.at(-1)?.toString(), '2 20\r\n.\r\n');
  });
  it('writes a reply of its own and the next one apart, because Thunderbird drops what follows its NOOP', () => {
    const harness = loggedIn();
    const before = harness.writes.client.length;
    harness.fromClient(Buffer.from('NOOP\r\nSTAT\r\n'));
    harness.fromUpstream(Buffer.from('+OK\r\n+OK 1 10\r\n'));
    assert.deepEqual(harness.writes.client.slice(before).map(String), ['+OK\r\n', '+OK 1 10\r\n']);
  });
  it('says nothing of a password to notes', () => {
    const harness = loggedIn();
    assert.doesNotMatch(JSON.stringify(harness.notes), /secret/u);
    assert.ok(harness.notes.some((note) => note.type === 'user' && note.user === 'bob'));
  });
  it('does nothing for a verdict on a message that it does not hold', () => {
    const { relay } = loggedIn();
    assert.deepEqual(relay.decided(99, 'deliver'), []);
    assert.deepEqual(relay.located(1, 2, { offsets: [], more: false }), []);
    assert.deepEqual(relay.tick(), []);
  });
  it('never announces more to the spool than it accepts', () => {
    const relay = createPop3Relay({ ...SETTINGS, maxLiteralBytes: 100 });
    const harness = new RelayHarness(relay);
    harness.fromUpstream(Buffer.from('+OK ready\r\n'));
    harness.fromClient(Buffer.from('USER bob\r\nPASS secret\r\n'));
    harness.fromUpstream(Buffer.from('+OK\r\n+OK\r\n'));
    relay.fromClient(Buffer.from('RETR 1\r\n'));
    const [open] = relay.fromUpstream(Buffer.from('+OK 999999999999 octets\r\n'));
    assert.deepEqual(open, { kind: 'open', message: 1, sizeHint: 100 });
  });
  it('tells a client to come back when there is no room, unless its answer has begun', () => {
    const waiting = loggedIn();
    waiting.fromClient(Buffer.from('RETR 1\r\n'));
    const text = '-ERR [SYS/TEMP] The message is being checked, try again later\r\n';
    assert.deepEqual(said(waiting), [text, 'deferred']);
    const begun = loggedIn();
    begun.fromClient(Buffer.from('RETR 1\r\n'));
    begun.fromUpstream(Buffer.from('+OK 10 octets\r\na'));
    begun.tick();
    assert.deepEqual(said(begun), ['deferred']);
    assert.deepEqual(said(loggedIn()), ['deferred']);
  });
});
