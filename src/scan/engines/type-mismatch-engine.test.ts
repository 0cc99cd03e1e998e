import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget } from '../budget.ts';
import type { Piece } from '../piece.ts';
import { TEST_LIMITS } from '../test-limits.ts';
import { createTypeMismatchEngine } from './type-mismatch-engine.ts';

const budget = new Budget(TEST_LIMITS, () => 0);

/** The smallest thing that counts as a program: a DOS header that points at a PE signature. */
function program(): Buffer {
  const bytes = Buffer.alloc(0x48);
  bytes.write('MZ');
  bytes.writeUInt32LE(0x40, 0x3c);
  bytes.write('PE\0\0', 0x40, 'latin1');
  return bytes;
}

async function rulesFor(piece: Partial<Piece>): Promise<string[]> {
  const whole: Piece = { path: '1', bytes: Buffer.from('hello'), depth: 0, ...piece };
  const findings = await createTypeMismatchEngine().inspect(whole, 'f'.repeat(64), budget);
  assert.ok(findings.every((finding) => finding.class === 'suspicious'));
  return findings.map((finding) => finding.rule);
}

describe('type mismatch', () => {
  it('reports a program under the name or type of a document', async () => {
    assert.deepEqual(await rulesFor({ bytes: program(), name: 'invoice.pdf' }), [
      'executable-under-other-name',
    ]);
    assert.deepEqual(await rulesFor({ bytes: program(), type: 'image/png' }), [
      'executable-under-other-name',
    ]);
    assert.deepEqual(await rulesFor({ bytes: Buffer.from('\x7fELF rest', 'latin1'), name: 'a.jpg' }), [
      'executable-under-other-name',
    ]);
    const shortcut = Buffer.from('4c0000000114020000000000c000000000000046', 'hex');
    assert.deepEqual(await rulesFor({ bytes: shortcut, name: 'a.docx' }), ['executable-under-other-name']);
    assert.deepEqual(await rulesFor({ bytes: program(), name: 'a.pdf . ' }), ['executable-under-other-name']);
  });

  it('says nothing of a program under its own name, or of text that starts with MZ', async () => {
    assert.deepEqual(await rulesFor({ bytes: program(), name: 'setup.exe' }), []);
    assert.deepEqual(await rulesFor({ bytes: program() }), []);
    assert.deepEqual(
      await rulesFor({ bytes: Buffer.from('MZ is a postcode'.repeat(20)), name: 'a.txt' }),
      [],
    );
  });

  it('reports double extensions and direction overrides, in any of the declared names', async () => {
    assert.deepEqual(await rulesFor({ name: 'invoice.pdf.exe' }), ['double-extension']);
    assert.deepEqual(await rulesFor({ name: `invoice.pdf${' '.repeat(80)}.scr` }), ['double-extension']);
    assert.deepEqual(await rulesFor({ name: 'invoice\u202efdp.exe' }), ['direction-override-in-name']);
    assert.deepEqual(await rulesFor({ name: 'a.txt', otherNames: ['a.txt.js'] }), ['double-extension']);
  });

  it('reads names as the desktop does: without folders, streams, and what is not seen', async () => {
    for (const name of [
      'C:\\tmp\\invoice.pdf.js',
      '../../invoice.pdf.js',
      'invoice.pdf.js::$DATA',
      'invoice.pdf.e\u200bxe',
      'invoice.pdf.j\0s',
      'invoice.pdf.js\0.txt',
      "invoice.pdf.js'",
    ]) {
      assert.deepEqual(await rulesFor({ name }), ['double-extension'], JSON.stringify(name));
    }
    assert.deepEqual(await rulesFor({ name: 'a.pdf/notes.exe.txt' }), []);
  });

  it('reports a body elsewhere that is a program or on a network drive, and no other', async () => {
    const type = 'message/external-body';
    assert.deepEqual(await rulesFor({ type }), []);
    assert.deepEqual(await rulesFor({ type, name: 'draft-ietf-example-00.txt' }), []);
    assert.deepEqual(await rulesFor({ type, name: 'https://example.org/a.exe?x' }), ['external-body']);
    assert.deepEqual(await rulesFor({ type, name: '\\\\example.org\\share\\a' }), ['external-body']);
    assert.deepEqual(await rulesFor({ type, name: 'https://example.com' }), []);
    assert.deepEqual(await rulesFor({ name: 'https://example.org/a.exe' }), []);
  });

  it('says nothing of honest names', async () => {
    for (const name of [
      'report.2026.pdf',
      'jquery.min.js',
      'backup.tar.gz',
      'מסמך.pdf',
      'a.b.c.docx',
      'mail.eml',
      '',
    ]) {
      assert.deepEqual(await rulesFor({ name }), [], name);
    }
  });
});
