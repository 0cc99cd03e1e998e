import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { MAX_RECORDS, openRecordFile, RECORD_NAME, recordName } from './record-file.ts';
import { FILE_BYTES, formatRecord, parseRecord, SLOTS, slotLine, slotOffset } from './record-format.ts';
import { ScanRecord } from './scan-record.ts';
import { STRIKES } from './suspects.ts';

const NOW = 1_700_000_000_000;
const SETTINGS = '0123456789abcdef';
const RULES = 'fedcba9876543210';
const [ONE, OTHER] = [hash('sha256', 'one'), hash('sha256', 'other')];
const parent = mkdtempSync(join(tmpdir(), 'postern-unfinished-'));
after(() => rmSync(parent, { recursive: true }));

describe('record of unfinished scans', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = join(mkdtempSync(join(parent, 'f')), 'quarantine');
    path = join(folder, RECORD_NAME);
  });
  const open = () => openRecordFile(folder, SETTINGS, NOW);
  const thread = ({ access }: ReturnType<typeof open>) => new ScanRecord(access, RULES, () => NOW);
  const text = () => readFileSync(path, 'latin1');

  /** The process ends while `digests` are being scanned. */
  function endDuring(...digests: readonly string[]): void {
    const file = open();
    for (const digest of digests) thread(file).begin(digest);
    file.close();
  }

  /** After somebody else has written the file. */
  function openedWith(content: Uint8Array) {
    open().close();
    writeFileSync(path, content);
    const file = open();
    file.close();
    return file;
  }

  it('makes folder and files that nobody else may read', () => {
    open().close();
    assert.deepEqual(
      [folder, path, `${path}.lock`].map((one) => statSync(one).mode & 0o777),
      [0o700, 0o600, 0o600],
    );
  });

  it('is empty after scans that ended', () => {
    const file = open();
    const record = thread(file);
    const before = text();
    record.begin(ONE);
    assert.ok(text().includes(`\n${ONE} ${SETTINGS} ${RULES} ${NOW} `));
    record.end(ONE);
    assert.equal(text(), before);
    file.close();
    const again = open();
    assert.deepEqual([again.left, again.suspects], [[], []]);
    again.close();
  });

  it('makes suspects of scans that did not end, and refuses from the second time on', () => {
    endDuring(ONE, OTHER);
    const once = open();
    assert.deepEqual(once.left, [ONE, OTHER]);
    assert.deepEqual([thread(once).refuses(ONE), thread(once).refuses(OTHER)], [false, false]);
    once.close();
    endDuring(ONE);
    const twice = open();
    assert.deepEqual([thread(twice).refuses(ONE), thread(twice).refuses(OTHER)], [true, false]);
    twice.close();
    const later = open();
    assert.ok(thread(later).refuses(ONE), 'a start without an accident changes nothing');
    later.close();
  });

  it('takes the strike of a suspect away whose scan ended', () => {
    endDuring(ONE);
    const file = open();
    const record = thread(file);
    record.begin(ONE);
    record.end(ONE);
    file.close();
    endDuring(ONE);
    const again = open();
    assert.ok(!thread(again).refuses(ONE));
    again.close();
  });

  it('makes no suspects of what was scanned when the process was asked to stop', () => {
    const file = open();
    const record = thread(file);
    record.begin(ONE);
    file.clear();
    record.begin(OTHER);
    file.close();
    const again = open();
    assert.deepEqual(again.suspects, []);
    again.close();
  });

  it('gives each thread a slot, and the first again after the last', () => {
    const file = open();
    for (let slot = 0; slot < SLOTS; slot += 1) thread(file).begin(ONE);
    assert.equal(parseRecord(readFileSync(path), NOW)?.left.length, SLOTS);
    thread(file).begin(OTHER);
    assert.equal(parseRecord(readFileSync(path), NOW)?.left[0]?.sha256, OTHER);
    file.close();
  });

  it('is one for each process that runs beside others, and there are so many and no more', () => {
    const files = Array.from({ length: MAX_RECORDS }, open);
    const names = files.map((file) => basename(file.path));
    assert.deepEqual(
      [names[0], names[1], names.at(-1)],
      [RECORD_NAME, `${RECORD_NAME}-2`, recordName(MAX_RECORDS)],
    );
    assert.throws(open, /32 other gateways use the same folder/u);
    files[1]?.close();
    const next = open();
    assert.equal(next.path, files[1]?.path);
    for (const file of files.with(1, next)) file.close();
  });

  it('is that of a neighbour who was killed, with what he left', () => {
    const first = open();
    const second = open();
    thread(second).begin(ONE);
    second.close();
    const again = open();
    assert.deepEqual([again.path, again.left], [second.path, [ONE]]);
    again.close();
    first.close();
  });

  it('belongs to one process at a time, and to nobody when that was killed', () => {
    open().close();
    const module = join(import.meta.dirname, 'file-lock.ts');
    const code = `import { tryLock } from ${JSON.stringify(module)};
      if (tryLock(${JSON.stringify(`${path}.lock`)}) !== undefined) process.kill(process.pid, 'SIGKILL')`;
    const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code]);
    assert.equal(child.signal, 'SIGKILL', child.stderr.toString());
    open().close();
  });

  it('says what is in the way of a folder that cannot be made', () => {
    writeFileSync(join(parent, 'a file'), '');
    assert.throws(() => openRecordFile(join(parent, 'a file', 'q'), SETTINGS, NOW), /ENOTDIR/u);
  });

  it('scans on when the file is gone', () => {
    const file = open();
    rmSync(path);
    const record = thread(file);
    record.begin(ONE);
    record.end(ONE);
    file.clear();
    file.close();
    assert.equal(record.refuses(ONE), false);
  });

  describe('that somebody else has written', () => {
    const suspect = { sha256: ONE, settings: SETTINGS, rules: RULES, strikes: STRIKES, at: NOW };

    it('begins anew when it is shorter, longer or something else', () => {
      const sound = formatRecord([suspect]);
      const longer = Buffer.concat([sound, Buffer.from('\n')]);
      const named = Buffer.from(sound).fill('x', 0, 7);
      for (const content of [sound.subarray(1), longer, named, Buffer.alloc(0), Buffer.alloc(FILE_BYTES)]) {
        const { wasDamaged, suspects } = openedWith(content);
        assert.deepEqual([wasDamaged, suspects], [true, []]);
      }
      assert.equal(openedWith(sound).wasDamaged, false);
    });

    it('counts only lines that are whole', () => {
      const content = formatRecord([suspect]);
      slotLine({ ...suspect, sha256: OTHER, begunAt: NOW }).copy(content, slotOffset(0));
      const lines = [`${OTHER} <script>`, OTHER.toUpperCase(), `${OTHER} ${SETTINGS} ${RULES} ${NOW} more`];
      lines.forEach((line, index) => content.write(line, slotOffset(1 + index)));
      const { left, suspects } = openedWith(content);
      assert.deepEqual(left, [OTHER]);
      assert.deepEqual(suspects.map(({ sha256 }) => sha256).toSorted(), [ONE, OTHER].toSorted());
    });

    it('believes no time to come and no strikes above the limit', () => {
      const content = formatRecord([{ ...suspect, strikes: 9, at: NOW + 1_000 }]);
      assert.deepEqual(openedWith(content).suspects, [suspect]);
    });

    it('is not read when it is a pipe', () => {
      open().close();
      rmSync(path);
      execFileSync('mkfifo', [path]);
      const file = open();
      assert.equal(file.wasDamaged, true);
      file.close();
    });
  });
});
