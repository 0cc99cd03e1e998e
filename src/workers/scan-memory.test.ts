import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { it } from 'node:test';
import { mail, OPTIONS, request } from './pool-fixture.ts';
import { createScanPool } from './scan-pool.ts';

const MESSAGE_BYTES = 8 * 1024 * 1024;
const MESSAGES = 24;

it('a scanning thread gives back what it read, however many messages come', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'postern-test-'));
  const name = path.join(folder, 'message');
  const content = mail('text of a message\r\n'.repeat(MESSAGE_BYTES / 19));
  fs.writeFileSync(name, content);
  const fd = fs.openSync(name, 'r');
  const limits = { ...OPTIONS.limits, maxMessageBytes: 2 * MESSAGE_BYTES };
  const pool = await createScanPool({ ...OPTIONS, workerHeapMb: 256, limits });
  t.after(async () => {
    await pool.close();
    fs.closeSync(fd);
    fs.rmSync(folder, { recursive: true });
  });
  const judged = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index += 1) {
      await pool.judge(request({ kind: 'file', fd, byteLength: content.length }));
    }
    return process.memoryUsage.rss();
  };
  const before = await judged(4);
  const grown = (await judged(MESSAGES)) - before;
  assert.ok(grown < (MESSAGES * MESSAGE_BYTES) / 2, `memory grew by ${grown}`);
});
