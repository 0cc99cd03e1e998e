import assert from 'node:assert/strict';
import { it } from 'node:test';
import { RelayHarness } from '../../../test/support/relay-harness.ts';
import type { RelaySettings } from '../relay.ts';
import { createImapRelay } from './imap-relay.ts';

const SETTINGS: RelaySettings = {
  clientSecure: true,
  clientStartTls: 'off',
  upstreamSecure: true,
  upstreamStartTls: 'off',
  allowPreauth: true,
  maxLiteralBytes: 1_048_576,
  scanUploads: true,
};

function open() {
  const relay = createImapRelay(SETTINGS, () => 0);
  const harness = new RelayHarness(relay);
  const upstream = (text: string) => harness.fromUpstream(Buffer.from(text, 'latin1'));
  const client = (text: string) => harness.fromClient(Buffer.from(text, 'latin1'));
  const said = () => harness.written('upstream').toString('latin1');
  const heard = () => harness.written('client').toString('latin1');
  upstream('* PREAUTH [CAPABILITY IMAP4rev1 IDLE] ready\r\n');
  return { relay, harness, upstream, client, said, heard };
}

it('appends a released original while the client wants nothing, and tells it only of the new message', () => {
  const { harness, upstream, said, heard } = open();
  const outcomes: boolean[] = [];
  harness.offer('INBOX', Buffer.from('Subject: back\r\n\r\nhello\r\n'), (taken) => outcomes.push(taken));
  assert.equal(said(), 'GW1 APPEND "INBOX" {24}\r\n');
  upstream('+ OK\r\n');
  assert.equal(said(), 'GW1 APPEND "INBOX" {24}\r\nSubject: back\r\n\r\nhello\r\n\r\n');
  upstream('* 3 EXISTS\r\nGW1 OK [APPENDUID 1 9] done\r\n');
  assert.deepEqual(outcomes, [true]);
  assert.ok(heard().endsWith('ready\r\n* 3 EXISTS\r\n'), heard());
});

it('waits until IDLE and what came before it are over, and lets DONE pass', () => {
  const { harness, upstream, client, said } = open();
  client('a IDLE\r\n');
  harness.offer('INBOX', Buffer.from('x'), () => undefined);
  client('DONE\r\n');
  assert.equal(said(), 'a IDLE\r\nDONE\r\n');
  upstream('+ idling\r\na OK done\r\n');
  assert.equal(said(), 'a IDLE\r\nDONE\r\nGW1 APPEND "INBOX" {1}\r\n');
});

it('says so when the server refuses, and goes on with the next command', () => {
  const { harness, upstream, client, said } = open();
  const outcomes: boolean[] = [];
  harness.offer('INBOX', Buffer.from('x'), (taken) => outcomes.push(taken));
  client('a NOOP\r\n');
  upstream('GW1 NO [OVERQUOTA] full\r\n');
  assert.deepEqual(outcomes, [false]);
  assert.equal(said(), 'GW1 APPEND "INBOX" {1}\r\na NOOP\r\n');
});
