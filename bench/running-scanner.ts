/**
 * `running-scanner.ts RULES WARM_UP...`: the scan of one thread of a gateway that runs, without the gateway. Its
 * code is compiled by scans of other mail in these folders; then each message from the parent names a file, and is
 * answered when that is judged. No verdict is remembered from one message to the next.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTypeMismatchEngine } from '../src/scan/engines/type-mismatch-engine.ts';
import { compileRules } from '../src/scan/engines/yara-compiler.ts';
import { createYaraEngine } from '../src/scan/engines/yara-engine.ts';
import { createPipeline } from '../src/scan/pipeline.ts';
import { TEST_LIMITS } from '../src/scan/test-limits.ts';
import { unpackingParts } from '../src/scan/unpack/index.ts';

const [rules = '', ...warmUp] = process.argv.slice(2);
const compiled = compileRules([{ path: rules, namespace: 'bench', source: readFileSync(rules, 'utf8') }]);
if (compiled.kind === 'refused') {
  throw new Error(JSON.stringify(compiled.problems));
}
const pipeline = createPipeline({
  engines: [createTypeMismatchEngine(), createYaraEngine(compiled.serialised)],
  ...unpackingParts(),
  limits: TEST_LIMITS,
  now: () => performance.now(),
});

for (const folder of warmUp) {
  for (const name of readdirSync(folder)) {
    await pipeline.scan(readFileSync(join(folder, name)), 'message');
  }
}
process.on('disconnect', () => process.exit());
process.on('message', (file) => {
  void pipeline
    .scan(readFileSync(String(file)), 'message')
    .then(({ verdict }) => process.send?.(verdict.kind));
});
process.send?.('ready');
