import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { mailWith } from '../corpus/technique.ts';

/*
 * A thread that fills its memory in code of the engine that cannot be stopped ends the whole process. So these are read
 * by a process of their own, in threads with the limits that they have in a gateway.
 */

const PROJECT = join(import.meta.dirname, '../..');
const BYTES = 20_000_000;
/** The scan ends itself after ten seconds; this is for a process that does not. */
const TIMEOUT_MS = 120_000;

/** One byte more or less of text for each replacement, or for each line. */
const UNITS: Readonly<Record<string, string>> = {
  'computed characters': '$([char]65)',
  'elements by their places': 'a[1]+',
  'escapes of Office': '_x0041_',
  'cut variables': 'set a=xyz\r\n%a:~1,1%%a:~1,1%%a:~1,1%%a:~1,1%%a:~1,1%%a:~1,1%',
  'quoted lines': '>\n',
  'lines of a batch file': '\n',
  'what a shell leaves out': 'xa',
  'letters of an armour': 'a-',
  'slashes of JSON': String.raw`"\/`,
};

const HEADS: Readonly<Record<string, string>> = {
  'quoted lines': '>begin 644 a.zip\n',
  'lines of a batch file': '@echo off\r\nset abc=de\r\necho %abc%\r\n',
  'what a shell leaves out': '#!/bin/sh\n tr -d x\n',
  'letters of an armour': '-----BEGIN PGP MESSAGE-----\n\n',
};

function repeated(unit: string): string {
  return unit.repeat(Math.floor(BYTES / unit.length));
}

describe('the memory of a thread', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'postern-memory-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function judge(name: string, text: string): void {
    const file = join(folder, `${name}.eml`);
    writeFileSync(file, mailWith('a.txt', Buffer.from(text)));
    const command = ['src/main.ts', 'scan', '--json', '--rules', 'config/rules', file];
    const { status, signal, stdout } = spawnSync(process.execPath, command, {
      cwd: PROJECT,
      encoding: 'latin1',
      timeout: TIMEOUT_MS,
    });
    assert.deepEqual([status === 0 || status === 2, signal], [true, null]);
    assert.ok(!stdout.includes('engine-failed'), stdout);
    rmSync(file);
  }

  for (const [name, unit] of Object.entries(UNITS)) {
    it(`is enough for ${name}, one behind the other`, () => {
      judge(name, (HEADS[name] ?? '') + repeated(unit));
    });
  }

  it('is enough for escapes in a string of PDF', () => {
    const script = `<</S/JavaScript/JS(${repeated(String.raw`\(a\)`)})>>`;
    judge('pdf', `%PDF-1.4\n1 0 obj${script}endobj\n%%EOF`);
  });
});
