import { workerData } from 'node:worker_threads';
import { lowerPriority } from '../base/thread-priority.ts';
import { createJudge } from './judge.ts';
import { bytesBetween, LargeGarbage } from './large-garbage.ts';
import { LoopTurns } from './loop-turns.ts';
import { practiceClock, rehearse } from './rehearsal.ts';
import {
  type Answer,
  describeFailure,
  type Rehearsal,
  type ScanJob,
  type ScanOutcome,
  type ScanWorkerData,
} from './scan-job.ts';
import { ScanRecord } from './unfinished/scan-record.ts';
import { buildPipeline } from './worker-pipeline.ts';

// The composition root of one scanning thread: built once, before the first job.
lowerPriority();
const data: ScanWorkerData = workerData;
const { pipeline, rehearsed, observer } = buildPipeline(data);
const turns = new LoopTurns();
const garbage = new LargeGarbage(bytesBetween(data.threads));
const record = data.record && new ScanRecord(data.record.access, data.record.rules, () => Date.now());
const { limits, faults } = data;
const judge = createJudge(pipeline, { limits, faults, observer, ...(record && { record }) });

/** Judges one message, or practises. Never rejects: a rejection would read as a lost thread. */
export default async function scan(job: ScanJob | Rehearsal): Promise<Answer<ScanOutcome>> {
  try {
    if ('rehearsalMs' in job) {
      return { ok: true, value: await rehearse(rehearsed, job.rehearsalMs, practiceClock()) };
    }
    const value = await judge(job);
    await turns.after(job.message.byteLength);
    garbage.after(job.message.byteLength);
    return { ok: true, value };
  } catch (reason) {
    return { ok: false, detail: describeFailure(reason) };
  }
}
