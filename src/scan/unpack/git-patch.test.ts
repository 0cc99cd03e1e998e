import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAll, type Opened, yields } from './open-all.ts';
import { createGitPatchUnpacker, MAX_FILES } from './git-patch.ts';
import { MarkIndex } from './mark-search.ts';

/** Made with `git diff --binary` of a new file with the marker. */
const REAL = `diff --git a/a.bin b/a.bin
new file mode 100644
index 0000000..0000000
GIT binary patch
literal 124
pcmWIW4-Rn+^3x4*4Gz)ubqw-W$jnnnR7lIrNo8PQWD20AGypC}AgurZ

literal 0
HcmV?d00001

`;

function open(text: string): Promise<Opened> {
  return openAll(Buffer.from(text), { unpackers: [createGitPatchUnpacker(new MarkIndex())] });
}

/** So many new files of no bytes. */
function empty(count: number): string {
  return `GIT binary patch\n${'literal 0\nHcmV?d00001\n\n'.repeat(count)}`;
}

describe('a patch of git', () => {
  it('is decoded with line ends of both kinds, and without an end', async () => {
    for (const text of [REAL, REAL.replaceAll('\n', '\r\n'), REAL.slice(0, REAL.indexOf('\n\nliteral 0'))]) {
      const opened = await open(text);
      assert.equal(yields(opened, 'POSTERN-TEST-MARK'), true);
      assert.deepEqual(opened.causes, []);
    }
  });

  it('ends at a line that does not hold what its first letter says', async () => {
    const opened = await open(REAL.replace(/^literal \d+\n.*$/m, '$&x'));
    assert.deepEqual(opened.pieces, []);
    assert.deepEqual(opened.causes, []);
  });

  it('may have so many files and not one more', async () => {
    assert.deepEqual((await open(empty(MAX_FILES))).causes, []);
    assert.deepEqual((await open(empty(MAX_FILES + 1))).causes, ['bomb']);
  });
});
