import { createDigestEngine } from '../scan/engines/digest-engine.ts';
import { DigestTable } from '../scan/engines/digest-table.ts';
import type { Engine } from '../scan/engines/engine.ts';
import { createTypeMismatchEngine } from '../scan/engines/type-mismatch-engine.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import { createPipeline, type Pipeline } from '../scan/pipeline.ts';
import { unpackingParts } from '../scan/unpack/index.ts';
import { createClamdEngine } from './clamd-engine.ts';
import { LargeGarbage } from './large-garbage.ts';
import { Observer } from './observer.ts';
import type { ScanWorkerData } from './scan-job.ts';

const now = (): number => performance.now();

/** Bytes of large contents decoded from one message that may lie about: a collection takes as long as decoding half of it. */
const DECODED_BYTES = 32 * 1024 * 1024;

export interface WorkerPipeline {
  readonly pipeline: Pipeline;
  /** With the engines of this thread alone, for practice mail: nobody else is asked, nothing is counted. */
  readonly rehearsed: Pipeline;
  readonly observer: Observer;
}

/** Cheap and certain ones first. Rules on trial come last: they get what time is left. */
function createEngines(own: readonly Engine[], data: ScanWorkerData, observer: Observer): Engine[] {
  const { shadow, deny, clamd } = data;
  const engines = [...own];
  if (deny !== undefined) {
    engines.unshift(createDigestEngine(new DigestTable(deny)));
  }
  if (clamd !== undefined) {
    const engine = createClamdEngine(clamd, now);
    engines.push(clamd.failure === 'ignore' ? observer.forgiving(engine) : engine);
  }
  if (shadow !== undefined) {
    engines.push(observer.onTrial(createYaraEngine(new Uint8Array(shadow))));
  }
  return engines;
}

/** Everything that one scanning thread judges with, built once. Throws when the rules do not load. */
export function buildPipeline(data: ScanWorkerData): WorkerPipeline {
  const observer = new Observer(now);
  const allowed = data.allow === undefined ? undefined : new DigestTable(data.allow);
  const own = [createTypeMismatchEngine(), createYaraEngine(new Uint8Array(data.rules))];
  const garbage = new LargeGarbage(DECODED_BYTES);
  const parts = {
    ...unpackingParts(),
    limits: data.limits,
    now,
    readers: data.readers,
    verdictsOnly: data.verdictsOnly,
    onDiscard: (bytes: number) => garbage.after(bytes),
  };
  const pipeline = createPipeline({
    ...parts,
    engines: createEngines(own, data, observer),
    ...(allowed && { isAllowed: (sha256: string) => allowed.has(sha256) }),
  });
  return { pipeline, rehearsed: createPipeline({ ...parts, engines: own }), observer };
}
