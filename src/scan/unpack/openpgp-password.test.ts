import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import { openAll, TEST_LIMITS, yields, type Opened } from './open-all.ts';
import { MAX_ATTEMPTS, PasswordOpener } from './openpgp-password.ts';

const MARKER = 'POSTERN-TEST-MARK';

/** Made by `gpg -c` under the password `Tulpe-31`, with few rounds so that the test is fast. */
const SEALED = {
  'AES with 256 bits, SHA-512':
    'jA0ECQMKleIeXnoSk9D/0lUBsLHzeYOuRJsRBufa4U5lG1ZkXnKAS3M8gOMLw6ZqZWQxjgDCQJyEcqv8Rc0frSAGkhO7Hh4efbU1XunxIKdoFRM1Xl1BKdLIEwSBrVSzYAGgu9b+',
  'AES with 128 bits, not compressed':
    'jA0EBwMCKpL2sf7VDeH/0lEBwiAcN0pFrYliOnDr+38f01X1hTTq7Fz4J4X4mhdlJE+yUjqet8DYpi9l8p37HzfcJ1V4AKoWYsaidifg0Caosg5gNLls3ce6Lbnjv782wZ8=',
  'Triple-DES, one round':
    'jAwEAgECx9PbP5wkZnjSTQG81h9WPSEokVU1lUSu3GjBtSS6mxmJVxZdeIpLNzVtaORlPP/aRuNEcHLTGkiTpWUL63QrNeryPhRh0zil7cmC6AIH4tPCdnT0kA8n',
  'Camellia with 192 bits':
    'jA0EDAMCvzRjVHi5pI3/0lUBIRB6KUM1D/xd/Y5aTA2rMwt9Ia8K6BuxAxN9jdr6FEOOXtNvaGaZ5qe6owBJn+YkeuwbPQ8KbbzOvvLEf81bAQiU2V34nsUBnx3TRx93tYfb23MQ',
};

function open(fixture: string, passwords: readonly string[]): Promise<Opened> {
  return openAll(Buffer.from(fixture, 'base64'), { passwords, now: () => 0 });
}

describe('a packet of compressed data', () => {
  const broken = Buffer.concat([Buffer.from([0xa3, 1]), Buffer.alloc(60, 0xff)]);

  it('is one by accident when no packet comes out of it', async () => {
    assert.deepEqual((await openAll(broken)).causes, []);
  });

  it('is told in an armour that says what it is', async () => {
    const armoured = `-----BEGIN PGP MESSAGE-----\n\n${broken.toString('base64')}\n-----END PGP MESSAGE-----\n`;
    assert.deepEqual((await openAll(Buffer.from(armoured))).causes.includes('malformed'), true);
  });
});

describe('OpenPGP under a password', () => {
  for (const [scheme, fixture] of Object.entries(SEALED)) {
    it(`is opened with a password of the mail: ${scheme}`, async () => {
      const opened = await open(fixture, ['wrong', 'Tulpe-31']);
      assert.equal(yields(opened, MARKER), true);
      assert.deepEqual(opened.causes, []);
    });

    it(`is encrypted when none fits: ${scheme}`, async () => {
      const opened = await open(fixture, ['wrong']);
      assert.equal(yields(opened, MARKER), false);
      assert.deepEqual(opened.causes, ['encrypted']);
    });
  }

  it('is encrypted when its data are missing', async () => {
    const bytes = Buffer.from(SEALED['AES with 256 bits, SHA-512'], 'base64').subarray(0, 15);
    assert.deepEqual((await openAll(bytes, { passwords: ['Tulpe-31'] })).causes, ['encrypted']);
  });

  /** The first packet has 13 bytes behind its head of two, the second one its head of two as well. */
  const packets = Buffer.from(SEALED['AES with 256 bits, SHA-512'], 'base64');
  const [session, data] = [packets.subarray(2, 15), packets.subarray(17)];
  /** Of the first packet: what one password takes, bytes of a hash that is slower than SHA-1. */
  const HASHED = 31 * 2 ** 21 * 2.5;

  /** Tries it with each of these lists in one scan; how often somebody asked for the passwords, and what was opened. */
  function openWith(
    lists: readonly (readonly string[])[],
    opener = new PasswordOpener(),
  ): { readonly asked: number; readonly isOpen: boolean[] } {
    const budget = new Budget(TEST_LIMITS, () => 0);
    let asked = 0;
    const isOpen = lists.map((passwords) => {
      const told = (): readonly string[] => {
        asked += 1;
        return passwords;
      };
      const out = { budget, emit: () => undefined, cannot: () => undefined, passwords: told };
      return opener.open([session], data, undefined, out) !== undefined;
    });
    return { asked, isOpen };
  }

  it('is tried again with what came to light, and remembered', () => {
    const wrong = Array.from({ length: MAX_ATTEMPTS - 1 }, () => ['wrong']);
    const { asked, isOpen } = openWith([...wrong, ['Tulpe-31'], [], []]);
    assert.deepEqual(isOpen, [...wrong.map(() => false), true, true, true]);
    assert.equal(asked, MAX_ATTEMPTS);
  });

  it('is not tried in every reading of the text around it', () => {
    const wrong = Array.from({ length: MAX_ATTEMPTS }, () => ['wrong']);
    const { asked, isOpen } = openWith([...wrong, ['Tulpe-31']]);
    assert.deepEqual([asked, isOpen.includes(true)], [MAX_ATTEMPTS, false]);
  });

  /** Whether the last of the lists opens it, tried one after the other, with so many bytes to hash. */
  function isOpenWith(maxHashed: number, ...lists: readonly (readonly string[])[]): boolean {
    return openWith(lists, new PasswordOpener(maxHashed)).isOpen.at(-1) === true;
  }

  it('is tried while there are bytes left to hash in the scan, and not with one password twice', () => {
    assert.equal(isOpenWith(2 * HASHED, ['wrong', 'Tulpe-31']), true);
    assert.equal(isOpenWith(2 * HASHED - 1, ['wrong', 'Tulpe-31']), false);
    assert.equal(isOpenWith(2 * HASHED, ['wrong'], ['wrong', 'Tulpe-31']), true);
    assert.equal(isOpenWith(2 * HASHED - 1, ['wrong'], ['Tulpe-31']), false);
  });

  it('is tried first with what opened another one of the mail', () => {
    const opener = new PasswordOpener(4 * HASHED);
    const budget = new Budget(TEST_LIMITS, () => 0);
    const passwords = ['wrong', 'Tulpe-31'];
    const out = { budget, emit: () => undefined, cannot: () => undefined, passwords: () => passwords };
    const messages = [[session], [session, session], [session, session, session]];
    const isOpen = messages.map((sessions) => opener.open(sessions, data, undefined, out) !== undefined);
    assert.deepEqual(isOpen, [true, true, true]);
  });
});
