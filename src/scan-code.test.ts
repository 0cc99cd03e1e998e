import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { digestOfCode, scanCode } from './scan-code.ts';

const scratch = mkdtempSync(join(tmpdir(), 'postern-scan-code-'));
after(() => rmSync(scratch, { recursive: true }));

let trees = 0;

/** The digest of a tree of its own with these files. */
function digestOf(files: Readonly<Record<string, string>>): string {
  trees += 1;
  const root = join(scratch, `${trees}`);
  mkdirSync(join(root, 'scan'), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return digestOfCode(root, ['scan']);
}

const CODE = { 'scan/b.ts': 'two', 'scan/deep/a.ts': 'one' };

describe('the digest of the code that scans', () => {
  it('is the same wherever the same code lies, in whatever order it was written', () => {
    assert.equal(digestOf({ 'scan/deep/a.ts': 'one', 'scan/b.ts': 'two' }), digestOf(CODE));
  });

  it('changes with a byte, a name, and where one file ends and the next begins', () => {
    const digests = [
      digestOf(CODE),
      digestOf({ ...CODE, 'scan/b.ts': 'twO' }),
      digestOf({ 'scan/c.ts': 'two', 'scan/deep/a.ts': 'one' }),
      digestOf({ 'scan/b.ts': 'twoo', 'scan/deep/a.ts': 'ne' }),
      digestOf({ ...CODE, 'scan/deep/c.ts': '' }),
    ];
    assert.equal(new Set(digests).size, digests.length);
  });

  it('leaves out what no container has and what other folders hold', () => {
    const more = { 'scan/b.test.ts': 'x', 'scan/notes.txt': 'x', 'admin/d.ts': 'x' };
    assert.equal(digestOf({ ...CODE, ...more }), digestOf(CODE));
  });

  it('is made of our own code, the libraries and Node', () => {
    const { version, dependencies, node, code } = JSON.parse(scanCode());
    assert.match(version, /^\d+\.\d+\.\d+/u);
    assert.equal(typeof dependencies['7z-wasm'], 'string');
    assert.equal(node, process.version);
    assert.equal(code, digestOfCode(import.meta.dirname));
    assert.notEqual(code, digestOfCode(import.meta.dirname, []));
  });
});
