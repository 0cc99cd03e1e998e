import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createTypeMismatchEngine } from '../../src/scan/engines/type-mismatch-engine.ts';
import { compileRules } from '../../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../../src/scan/engines/yara-engine.ts';
import type { RuleSource } from '../../src/scan/engines/yara-sources.ts';
import { createPipeline, type Pipeline, type PipelineParts } from '../../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../../src/scan/test-limits.ts';
import { createUnpackers } from '../../src/scan/unpack/index.ts';
import { MARKED } from '../corpus/technique.ts';

const RULES = join(import.meta.dirname, '../../config/rules');

export const MARKER_RULE = 'Postern_Test';

/** Bytes in hex, so that the rule itself is no hit. */
const marker: RuleSource = {
  path: 'marker.yar',
  namespace: 'test',
  source: `rule ${MARKER_RULE} { strings: $a = { ${Buffer.from(MARKED).toString('hex')} } condition: $a }`,
};

function starterRules(): RuleSource[] {
  const paths = globSync(join(RULES, '**/*.yar')).sort();
  if (paths.length === 0) {
    throw new Error('no starter rules found');
  }
  return paths.map((path) => ({
    path,
    namespace: basename(path, '.yar'),
    source: readFileSync(path, 'utf8'),
  }));
}

function serialised(sources: readonly RuleSource[]): Uint8Array {
  const compiled = compileRules(sources);
  if (compiled.kind === 'refused') {
    throw new Error(JSON.stringify(compiled.problems));
  }
  return compiled.serialised;
}

/** Processor time, so that a busy machine ends no scan early. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The pipeline of a worker, in process: every unpacker, the real engines, the starter rules and one for the marker. */
export function corpusPipeline(
  rules: 'with marker' | 'starter only',
  parts: Partial<PipelineParts> = {},
): Pipeline {
  const sources = rules === 'with marker' ? [...starterRules(), marker] : starterRules();
  return createPipeline({
    engines: [createTypeMismatchEngine(), createYaraEngine(serialised(sources))],
    unpackers: createUnpackers(),
    limits: TEST_LIMITS,
    now: processorMs,
    ...parts,
  });
}
