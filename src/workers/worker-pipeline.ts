import type { Engine } from '../scan/engines/engine.ts';
import { createYaraEngine } from '../scan/engines/yara-engine.ts';
import { createPipeline, type Pipeline } from '../scan/pipeline.ts';
import { createUnpackers } from '../scan/unpack/index.ts';
import { createClamdEngine } from './clamd-engine.ts';
import type { ScanWorkerData } from './scan-job.ts';

const now = (): number => performance.now();

function createEngines({ rules, clamd }: ScanWorkerData): Engine[] {
  const yara = createYaraEngine(new Uint8Array(rules));
  return clamd === undefined ? [yara] : [yara, createClamdEngine(clamd, now)];
}

/** Everything that one scanning thread judges with, built once. Throws when the rules do not load. */
export function buildPipeline(data: ScanWorkerData): Pipeline {
  return createPipeline({
    engines: createEngines(data),
    unpackers: createUnpackers(),
    limits: data.limits,
    now,
    readers: data.readers,
  });
}
