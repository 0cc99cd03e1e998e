import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { fingerprint, RuleWatcher } from './rule-watcher.ts';

const NO_TIMER: Clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined };

describe('rule watcher', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-watch-'));
  });
  after(async () => await rm(folder, { recursive: true }));

  it('sees files written, added, removed and swapped by a link', async () => {
    const rules = join(folder, 'rules');
    await mkdir(join(rules, 'deep'), { recursive: true });
    const seen = new Set<string>();
    const note = async (): Promise<void> => void seen.add(await fingerprint([rules, join(folder, 'gone')]));
    await note();
    await writeFile(join(rules, 'deep', 'a.yar'), 'one');
    await note();
    await writeFile(join(rules, 'deep', 'a.yar'), 'longer');
    await note();
    await writeFile(join(folder, 'one'), '1');
    await symlink(join(folder, 'one'), join(rules, 'link.yar'));
    await note();
    await writeFile(join(folder, 'two'), '2');
    await symlink(join(folder, 'two'), join(folder, 'next'));
    await rename(join(folder, 'next'), join(rules, 'link.yar'));
    await note();
    await rm(join(rules, 'deep'), { recursive: true });
    await note();
    assert.equal(seen.size, 6);
    await writeFile(join(rules, '.hidden'), 'an editor');
    await note();
    assert.equal(seen.size, 6);
  });

  it('reports a change once, when it has been still for a look', async () => {
    const file = join(folder, 'b.yar');
    await writeFile(file, '1');
    let changes = 0;
    const watcher = new RuleWatcher({
      paths: () => [file],
      everyMs: 1,
      clock: NO_TIMER,
      onChange: async () => void (changes += 1),
    });
    await watcher.start();
    await watcher.look();
    await watcher.look();
    assert.equal(changes, 0);
    await writeFile(file, '12');
    await watcher.look();
    await writeFile(file, '123');
    await watcher.look();
    assert.equal(changes, 0);
    await watcher.look();
    await watcher.look();
    assert.equal(changes, 1);
    watcher.stop();
  });
});
