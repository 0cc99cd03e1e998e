import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { GatewayError } from '../base/errors.ts';
import { loadRules, MAX_RULE_DEPTH, MAX_RULE_FILE_BYTES } from './rule-loader.ts';

const RULE = 'rule r { condition: false }';
let scratch = '';

async function write(path: string, content: string | Uint8Array = RULE): Promise<string> {
  const full = join(scratch, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  return full;
}

const levels = (count: number) => Array.from({ length: count }, () => 'd').join('/');

const refusal = (pattern: RegExp) => (reason: unknown) =>
  reason instanceof GatewayError && reason.code === 'RULES_INVALID' && pattern.test(reason.message);

describe('rule loader', () => {
  before(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'postern-rules-'));
  });
  after(async () => {
    await rm(scratch, { recursive: true });
  });

  it('reads *.yar and *.yara of a folder and below, named by their relative path', async () => {
    await write('set/b.YAR');
    await write('set/mail/a.yara');
    await write('set/notes.txt');
    await write('set/.hidden.yar');
    const { files } = await loadRules([join(scratch, 'set')]);
    assert.deepEqual(
      files.map(({ namespace, source }) => [namespace, source]),
      [
        ['b', RULE],
        ['mail/a', RULE],
      ],
    );
  });

  it('names a single file by its name, whatever its extension', async () => {
    const { files } = await loadRules([await write('single/own.yar'), await write('single/list.rules')]);
    assert.deepEqual(
      files.map(({ namespace }) => namespace),
      ['list.rules', 'own'],
    );
  });

  it('keeps files of one name in two folders apart', async () => {
    await write('one/x.yar');
    await write('two/x.yar');
    const { files } = await loadRules([join(scratch, 'one'), join(scratch, 'two')]);
    assert.deepEqual(
      files.map(({ namespace }) => namespace),
      ['x', 'x~2'],
    );
  });

  it('reads a file once that is listed twice or linked', async () => {
    const path = await write('repeat/x.yar');
    await symlink(path, join(scratch, 'repeat/y.yar'));
    const { files } = await loadRules([join(scratch, 'repeat'), path]);
    assert.equal(files.length, 1);
  });

  it('refuses an empty set unless it is allowed', async () => {
    await mkdir(join(scratch, 'empty'));
    const empty = [join(scratch, 'empty')];
    await assert.rejects(loadRules(empty), refusal(/empty: no rule file/));
    await assert.rejects(loadRules([]), refusal(/no rule file/));
    assert.deepEqual((await loadRules(empty, { allowEmpty: true })).files, []);
  });

  it('names what does not exist', async () => {
    await assert.rejects(
      loadRules([join(scratch, 'nowhere')]),
      refusal(/nowhere: cannot be read \(ENOENT\)/),
    );
  });

  it('names a file that is not UTF-8', async () => {
    const path = await write('latin/l.yar', Buffer.from([0x2f, 0x2f, 0xe9, 0x0a]));
    await assert.rejects(loadRules([path]), refusal(/l\.yar: is not valid UTF-8/));
  });

  it('reads at the limit of depth and refuses one folder more', async () => {
    await write(`deep/${levels(MAX_RULE_DEPTH)}/x.yar`);
    assert.equal((await loadRules([join(scratch, 'deep')])).files.length, 1);
    await write(`deep/${levels(MAX_RULE_DEPTH + 1)}/y.yar`);
    await assert.rejects(loadRules([join(scratch, 'deep')]), refusal(/nested deeper/));
  });

  it('ends on a folder that links to itself', async () => {
    await write('loop/x.yar');
    await symlink(join(scratch, 'loop'), join(scratch, 'loop/again'));
    await assert.rejects(loadRules([join(scratch, 'loop')]), refusal(/nested deeper/));
  });

  it('refuses a file one byte over the limit', async () => {
    const path = await write('large/x.yar', '');
    await truncate(path, MAX_RULE_FILE_BYTES + 1);
    await assert.rejects(loadRules([path]), refusal(/x\.yar: is larger/));
    await truncate(path, MAX_RULE_FILE_BYTES);
    assert.equal((await loadRules([path])).files.length, 1);
  });
});
