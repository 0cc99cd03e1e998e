import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isMechanismAllowed, keptEnable, rewriteCapabilities } from './capabilities.ts';

const SECURE = { offerStartTls: false, loginDisabled: false };

function visible(tokens: string, context = SECURE): string {
  return rewriteCapabilities(tokens.split(' '), context).join(' ');
}

function token(length: number) {
  return `THREAD=${'X'.repeat(length - 7)}`;
}

describe('capabilities', () => {
  it('pass in the order and spelling of the server, and unknown ones do not', () => {
    assert.equal(
      visible('idle IMAP4rev1 X-NEW uidplus COMPRESS=DEFLATE THREAD=REFS'),
      'idle IMAP4rev1 uidplus THREAD=REFS',
    );
  });

  it('are of ASCII: capitals of other letters are letters of known words', () => {
    assert.equal(visible('IMAP4rev1 ID \u0131DLE ME\u00dfAGELIMIT=5'), 'IMAP4rev1 ID');
  });

  it('are never without a version', () => {
    assert.equal(visible(''), 'IMAP4rev1');
    assert.equal(visible('IDLE'), 'IMAP4rev1 IDLE');
    assert.equal(visible('IMAP4rev2'), 'IMAP4rev2');
  });

  it('speak of the TLS of the client only', () => {
    assert.equal(visible('IMAP4rev1 STARTTLS LOGINDISABLED'), 'IMAP4rev1');
    const offered = { offerStartTls: true, loginDisabled: false };
    assert.equal(visible('IMAP4rev1 AUTH=PLAIN', offered), 'IMAP4rev1 AUTH=PLAIN STARTTLS');
    const required = { offerStartTls: true, loginDisabled: true };
    assert.equal(visible('IMAP4rev1 AUTH=PLAIN SASL-IR', required), 'IMAP4rev1 STARTTLS LOGINDISABLED');
  });

  it('keep SCRAM unless the server binds channels', () => {
    assert.equal(visible('IMAP4rev1 AUTH=SCRAM-SHA-1'), 'IMAP4rev1 AUTH=SCRAM-SHA-1');
    assert.equal(visible('IMAP4rev1 AUTH=SCRAM-SHA-1 AUTH=SCRAM-SHA-256-PLUS'), 'IMAP4rev1');
    assert.equal(isMechanismAllowed('scram-sha-1', ['AUTH=SCRAM-SHA-1']), true);
    assert.equal(isMechanismAllowed('SCRAM-SHA-1', ['auth=scram-sha-1-plus']), false);
  });

  it('refuse mechanisms that blind the gateway, whether offered or not', () => {
    for (const name of [
      'GSSAPI',
      'DIGEST-MD5',
      'NTLM',
      'EXTERNAL',
      'KERBEROS_V4',
      'ANONYMOUS',
      'X-NEW',
      'PLAIN-PLUS',
    ]) {
      assert.equal(isMechanismAllowed(name, [`AUTH=${name}`]), false, name);
    }
    for (const name of ['plain', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER', 'CRAM-MD5']) {
      assert.equal(isMechanismAllowed(name, []), true, name);
    }
  });

  it('take tokens of 64 characters and drop longer ones', () => {
    assert.equal(visible(`IMAP4rev1 ${token(64)}`), `IMAP4rev1 ${token(64)}`);
    assert.equal(visible(`IMAP4rev1 ${token(65)}`), 'IMAP4rev1');
  });

  it('are switched on by ENABLE only when they may be seen', () => {
    assert.deepEqual(keptEnable(['qresync', 'NOTIFY', 'UTF8=ACCEPT', 'X']), ['qresync', 'UTF8=ACCEPT']);
  });
});
