import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { codeCacheFolder } from './code-cache.ts';

const uid = process.getuid?.() ?? -1;
const PERMISSIONS = 0o777;

describe('the folder of compiled code', () => {
  let home = '';

  beforeEach(() => {
    home = realpathSync(mkdtempSync(join(tmpdir(), 'postern-code-')));
  });

  afterEach(() => rmSync(home, { recursive: true }));

  const find = (env: Record<string, string> = {}, as = uid): string | undefined =>
    codeCacheFolder({ uid: as, env, home });

  it('is made below the home of the user, open to nobody else', () => {
    const folder = find();
    assert.equal(folder, join(home, '.cache/postern/code'));
    assert.equal(statSync(folder).mode & PERMISSIONS, 0o700);
    assert.equal(find(), folder, 'and used again');
  });

  it('is where XDG_CACHE_HOME says, unless that is a relative path', () => {
    assert.equal(find({ XDG_CACHE_HOME: join(home, 'xdg') }), join(home, 'xdg/postern/code'));
    assert.equal(find({ XDG_CACHE_HOME: 'xdg' }), join(home, '.cache/postern/code'));
    assert.equal(find({ XDG_CACHE_HOME: '' }), join(home, '.cache/postern/code'));
  });

  it('is not used when it belongs to another user', () => {
    assert.notEqual(find(), undefined);
    assert.equal(find({}, uid + 1), undefined);
  });

  it('is not used when others may look into it', () => {
    const folder = join(home, '.cache/postern/code');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o750);
    assert.equal(find(), undefined);
    chmodSync(folder, 0o700);
    assert.equal(find(), folder);
  });

  for (const [mode, used] of [
    [0o755, true],
    [0o775, false],
    [0o757, false],
    [0o1777, true],
  ] as const) {
    it(`is ${used ? '' : 'not '}used below a folder of mode ${mode.toString(8)}`, () => {
      mkdirSync(join(home, '.cache/postern/code'), { recursive: true, mode: 0o700 });
      chmodSync(join(home, '.cache'), mode);
      assert.equal(find() !== undefined, used);
    });
  }

  it('is judged by where a link leads', () => {
    mkdirSync(join(home, 'open'), { mode: 0o777 });
    chmodSync(join(home, 'open'), 0o777);
    symlinkSync(join(home, 'open'), join(home, '.cache'));
    assert.equal(find(), undefined);
  });

  it('is none when it cannot be made', () => {
    writeFileSync(join(home, '.cache'), '');
    assert.equal(find(), undefined);
  });
});
