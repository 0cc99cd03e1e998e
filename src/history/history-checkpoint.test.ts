import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { RecordingLog } from '../../test/support/recording-log.ts';
import { HistoryCheckpoint } from './history-checkpoint.ts';
import { historyDatabase } from './history-database.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-checkpoint-'));
after(() => rmSync(folder, { recursive: true }));

const ROWS_BETWEEN = 2_000;

/** Pages that stand in the log only; looking carries nothing over, since no page may be. */
function filled(name: string) {
  const path = join(folder, name);
  const file = historyDatabase(path);
  for (let index = 0; index < 50; index += 1) {
    file.run('INSERT INTO names (name) VALUES (?)', `${index}`.repeat(1_000));
  }
  const log = new RecordingLog();
  return { path, file, log, checkpoint: new HistoryCheckpoint(path, log) };
}

/** What `wal_checkpoint` says of itself: pages in the log, and how many of them were carried over. */
const carried = (file: ReturnType<typeof historyDatabase>): readonly unknown[] => {
  const row = file.get('PRAGMA wal_checkpoint(NOOP)');
  return [row?.['log'], row?.['checkpointed']];
};

describe('a checkpoint of the history', () => {
  it('carries the log over after so many rows, and not one row before', async () => {
    const { file, log, checkpoint } = filled('rows.db');
    const [pages] = carried(file);
    await checkpoint.written(ROWS_BETWEEN - 1);
    assert.deepEqual(carried(file), [pages, 0]);
    await checkpoint.written(1);
    assert.deepEqual(carried(file), [pages, pages]);
    assert.deepEqual(log.lines, []);
    await checkpoint.close();
    file.close();
  });

  it('is done again by the same thread', async () => {
    const { file, checkpoint } = filled('again.db');
    await checkpoint.written(ROWS_BETWEEN);
    file.run('INSERT INTO names (name) VALUES (?)', 'more');
    const [pages] = carried(file);
    assert.deepEqual(carried(file), [pages, 0], 'a new log has begun');
    await checkpoint.written(ROWS_BETWEEN);
    assert.deepEqual(carried(file), [pages, pages]);
    await checkpoint.close();
    file.close();
  });

  it('that fails is said once and not tried again', async () => {
    const log = new RecordingLog();
    const checkpoint = new HistoryCheckpoint(join(folder, 'missing', 'history.db'), log);
    await checkpoint.written(ROWS_BETWEEN);
    await checkpoint.written(ROWS_BETWEEN);
    assert.deepEqual(
      log.lines.map(({ level }) => level),
      ['warn'],
    );
    await checkpoint.close();
  });

  it('is not begun after the end, and ends with what waits for it', async () => {
    const { file, log, checkpoint } = filled('ended.db');
    const running = checkpoint.written(ROWS_BETWEEN);
    await checkpoint.close();
    await running;
    await checkpoint.written(ROWS_BETWEEN);
    assert.deepEqual(log.lines, []);
    file.close();
  });
});
