import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { verbOf } from './verbs.ts';

const REFUSED = [
  'COMPRESS',
  'NOTIFY',
  'CONVERT',
  'URLFETCH',
  'GENURLAUTH',
  'RESETKEY',
  'UNAUTHENTICATE',
  'CANCELUPDATE',
  'GETANNOTATION',
  'SETANNOTATION',
  'RLIST',
  'RLSUB',
  'UID',
  'UID COMPRESS',
  'X-ANYTHING',
];

describe('verbs', () => {
  it('are known in any case', () => {
    assert.equal(verbOf('uid fetch'), verbOf('UID FETCH'));
    assert.equal(verbOf('Fetch')?.treatment, 'fetch');
  });

  it('that bring content by another door are not there', () => {
    for (const name of REFUSED) {
      assert.equal(verbOf(name), undefined, name);
    }
  });

  it('without arguments take no literal', () => {
    for (const name of [
      'NOOP',
      'CAPABILITY',
      'LOGOUT',
      'STARTTLS',
      'CLOSE',
      'UNSELECT',
      'EXPUNGE',
      'IDLE',
      'CHECK',
    ]) {
      assert.equal(verbOf(name)?.maxArguments, 0, name);
    }
  });

  it('need login, but for those that lead to it', () => {
    const open = ['CAPABILITY', 'NOOP', 'LOGOUT', 'ID', 'STARTTLS', 'LOGIN', 'AUTHENTICATE'];
    for (const name of open) {
      assert.equal(verbOf(name)?.needsLogin, false, name);
    }
    for (const name of ['SELECT', 'FETCH', 'UID FETCH', 'APPEND', 'LIST', 'ENABLE', 'IDLE', 'GETMETADATA']) {
      assert.equal(verbOf(name)?.needsLogin, true, name);
    }
  });

  it('that change what later commands mean wait and are waited for', () => {
    for (const name of ['SELECT', 'EXAMINE', 'CLOSE', 'UNSELECT', 'LOGIN', 'LOGOUT']) {
      assert.equal(verbOf(name)?.treatment, 'barrier', name);
    }
  });
});
