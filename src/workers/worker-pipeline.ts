import type { Engine } from '../scan/engines/engine.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import { createPipeline, type Pipeline } from '../scan/pipeline.ts';
import { createUnpackers } from '../scan/unpack/index.ts';
import type { ScanWorkerData } from './scan-job.ts';

function createEngines(data: ScanWorkerData): Engine[] {
  return [createYaraEngine(new Uint8Array(data.rules))];
}

/** Everything that one scanning thread judges with, built once. Throws when the rules do not load. */
export function buildPipeline(data: ScanWorkerData): Pipeline {
  return createPipeline({
    engines: createEngines(data),
    unpackers: createUnpackers(),
    limits: data.limits,
    now: () => performance.now(),
    readers: data.readers,
  });
}
