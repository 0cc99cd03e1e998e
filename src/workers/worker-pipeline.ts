import { createDigestEngine } from '../scan/engines/digest-engine.ts';
import { DigestTable } from '../scan/engines/digest-table.ts';
import type { Engine } from '../scan/engines/engine.ts';
import { createTypeMismatchEngine } from '../scan/engines/type-mismatch-engine.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import { createPipeline, type Pipeline } from '../scan/pipeline.ts';
import { createUnpackers } from '../scan/unpack/index.ts';
import { createClamdEngine } from './clamd-engine.ts';
import { Observer } from './observer.ts';
import type { ScanWorkerData } from './scan-job.ts';

const now = (): number => performance.now();

export interface WorkerPipeline {
  readonly pipeline: Pipeline;
  readonly observer: Observer;
}

/** Cheap and certain ones first. Rules on trial come last: they get what time is left. */
function createEngines({ rules, shadow, deny, clamd }: ScanWorkerData, observer: Observer): Engine[] {
  const engines = [createTypeMismatchEngine(), createYaraEngine(new Uint8Array(rules))];
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
  const pipeline = createPipeline({
    engines: createEngines(data, observer),
    unpackers: createUnpackers(),
    limits: data.limits,
    now,
    readers: data.readers,
    ...(allowed && { isAllowed: (sha256: string) => allowed.has(sha256) }),
  });
  return { pipeline, observer };
}
