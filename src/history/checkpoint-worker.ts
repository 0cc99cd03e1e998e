/** Thread entry: for each message, carries what stands in the write-ahead log of one SQLite file over into it. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { lowerPriority } from '../base/thread-priority.ts';

lowerPriority();
const database = new DatabaseSync(String(workerData), { timeout: 0 });
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0');

parentPort?.on('message', () => {
  // As much as goes without waiting for the thread that writes, nor letting it wait.
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins
  parentPort?.postMessage('done');
});
