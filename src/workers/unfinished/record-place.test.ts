import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { recordObstacle } from './record-place.ts';

/** Everybody's: one who is not root is asked. */
const parent = mkdtempSync(join(tmpdir(), 'postern-place-'));
chmodSync(parent, 0o777);
after(() => rmSync(parent, { recursive: true }));
const NOBODY = 65_534;

/** What somebody hears who may not do everything, as root may. */
function heardByNobody(folder: string): string {
  const module = join(import.meta.dirname, 'record-place.ts');
  const code = `import { recordObstacle } from ${JSON.stringify(module)};
    if (process.getuid() === 0) process.setuid(${NOBODY});
    console.log(recordObstacle(${JSON.stringify(folder)}))`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], {
    encoding: 'utf8',
  });
  return `${stdout}${stderr}`.trim();
}

describe('place of the record of unfinished scans', () => {
  it('is a folder that is there, or one that can be made', () => {
    assert.equal(recordObstacle(parent), undefined);
    assert.equal(recordObstacle(join(parent, 'none', 'yet')), undefined);
  });

  it('is not below a file', () => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    assert.equal(recordObstacle(file), `${file} is no folder`);
    assert.match(recordObstacle(join(file, 'q')) ?? '', /ENOTDIR|is no folder/u);
  });

  it('is not where this user may not write', () => {
    const closed = join(parent, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    assert.match(heardByNobody(closed), /EACCES/u);
    const record = join(parent, 'unfinished-scans');
    writeFileSync(record, '', { mode: 0 });
    assert.match(heardByNobody(parent), /EACCES/u);
    rmSync(record);
    assert.equal(heardByNobody(parent), 'undefined');
  });
});
