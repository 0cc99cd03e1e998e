import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import { createSecureContext, type SecureContext } from 'node:tls';
import { silentLogger } from '../../base/log.ts';
import { Authority, createRoot } from './authority.ts';
import type { KeyPair } from './certificate-writer.ts';
import { LeafStore } from './leaf-store.ts';
import { MintThread } from './mint-thread.ts';

const AUTHORITY = new Authority(createRoot('Test'));
const names = (...list: string[]) => ({ names: list });

function thread(t: TestContext): MintThread {
  const mint = new MintThread(silentLogger);
  t.after(() => mint.close());
  return mint;
}

/** A store that says what was made. */
function store(t: TestContext) {
  const made: KeyPair[] = [];
  const contextOf = (pair: KeyPair): SecureContext => {
    made.push(pair);
    return createSecureContext(pair);
  };
  const parts = { authority: AUTHORITY, mint: thread(t), contextOf, onMint: () => undefined };
  return { made, leaves: new LeafStore(parts) };
}

describe('certificates of a thread of their own', () => {
  it('are signed by the authority, for the names that were asked for', async (t) => {
    const mint = thread(t);
    const other = new Authority(createRoot('Other'));
    for (const authority of [AUTHORITY, other, AUTHORITY]) {
      const { cert, key } = await mint.mint(authority, names('a.example', '192.0.2.1'));
      const leaf = new X509Certificate(cert);
      assert.ok(leaf.verify(authority.certificate.publicKey));
      assert.equal(leaf.checkHost('a.example'), 'a.example');
      assert.equal(leaf.checkIP('192.0.2.1'), '192.0.2.1');
      createSecureContext({ cert, key });
    }
  });

  it('are made on the spot when the thread ends', async (t) => {
    const mint = thread(t);
    const asked = Promise.all(['a', 'b', 'c'].map((name) => mint.mint(AUTHORITY, names(name))));
    await mint.close();
    assert.equal((await asked).length, 3);
    assert.ok((await mint.mint(AUTHORITY, names('d'))).cert.includes('CERTIFICATE'), 'a new thread');
  });

  it('are refused without a name', async (t) => {
    await assert.rejects(thread(t).mint(AUTHORITY, names()), RangeError);
  });
});

describe('certificates that are kept', () => {
  it('are made once for all who ask at a time, and are there at once afterwards', async (t) => {
    const { made, leaves } = store(t);
    const asked = Array.from({ length: 20 }, async () => await leaves.get('a', () => names('a')));
    const contexts = new Set(await Promise.all(asked));
    assert.equal(contexts.size, 1);
    assert.equal(made.length, 1);
    assert.ok(contexts.has(await leaves.get('a', () => names('a'))));
    assert.ok(!(leaves.get('a', () => names('a')) instanceof Promise));
    assert.notEqual(await leaves.get('b', () => names('b')), [...contexts][0]);
  });

  it('are forgotten with their root, also those that are just made', async (t) => {
    const { made, leaves } = store(t);
    const early = leaves.get('a', () => names('a'));
    const next = new Authority(createRoot('Next'));
    leaves.replaceAuthority(next);
    await early;
    await leaves.get('a', () => names('a'));
    const roots = made.map(({ cert }) => new X509Certificate(cert).verify(next.certificate.publicKey));
    assert.deepEqual(roots, [false, true]);
  });

  it('are tried again when they could not be made', async (t) => {
    const { leaves } = store(t);
    await assert.rejects(async () => await leaves.get('a', () => names()), RangeError);
    await leaves.get('a', () => names('a'));
  });
});
