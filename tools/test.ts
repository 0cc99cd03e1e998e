/**
 * `npm test`: the static checks, then every test that needs nothing but Node. Ends with `N passed, N failed`.
 * Arguments narrow the run: `npm test -- src/gateway/imap` runs the test files below that path, without the checks.
 * `--system` runs `test/system` instead, narrowed in the same way.
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const CHECKS: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['format', ['node_modules/.bin/oxfmt', '--check', '.']],
  ['lint', ['node_modules/.bin/oxlint', '--type-aware', '--deny-warnings']],
  ['types', [process.execPath, 'node_modules/typescript7/bin/tsc', '-p', '.']],
  [
    'types of the console',
    [process.execPath, 'node_modules/typescript7/bin/tsc', '-p', 'src/admin/console/web'],
  ],
  ['floors', ['node_modules/.bin/depcruise', '--config', '.dependency-cruiser.cjs', 'src']],
];

/** A test that hangs is a failure, not a stuck build. */
const TEST_TIMEOUT_MS = 120_000;
const SYSTEM_TEST_TIMEOUT_MS = 1_200_000;

function runChecks(): number {
  let failed = 0;
  for (const [name, [program = '', ...args]] of CHECKS) {
    const result = spawnSync(program, args, { encoding: 'utf8' });
    const ok = result.status === 0;
    console.log(`${ok ? '✔' : '✖'} ${name}`);
    if (!ok) {
      failed += 1;
      console.log(`${result.stdout}${result.stderr}`);
    }
  }
  return failed;
}

function testFiles(paths: readonly string[], system: boolean): string[] {
  const all = system
    ? globSync('test/system/**/*.test.ts')
    : globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts']).filter(
        (file) => !file.startsWith('test/system/'),
      );
  return all.filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path))).sort();
}

async function runTests(
  files: readonly string[],
  system: boolean,
): Promise<{ passed: number; failed: number }> {
  const counts = { passed: 0, failed: 0 };
  const stream = run({
    files: [...files],
    concurrency: system ? 1 : 2,
    timeout: system ? SYSTEM_TEST_TIMEOUT_MS : TEST_TIMEOUT_MS,
  });
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined || event.todo !== undefined) {
      counts.failed += 1; // a skipped check is a defect
      console.log(`✖ skipped: ${event.name}`);
    } else if (event.details.type !== 'suite') {
      counts.passed += 1;
    }
  });
  stream.on('test:fail', (event) => {
    if (event.details.type !== 'suite') {
      counts.failed += 1;
    }
  });
  const printed = stream.compose(spec());
  printed.pipe(process.stdout);
  await new Promise<void>((resolve, reject) => {
    printed.on('end', resolve);
    printed.on('error', reject);
  });
  return counts;
}

const args = process.argv.slice(2);
const system = args.includes('--system');
const paths = args.filter((argument) => !argument.startsWith('--'));
const withChecks = !system && paths.length === 0;
const failedChecks = withChecks ? runChecks() : 0;
const files = testFiles(paths, system);
if (files.length === 0) {
  console.log('no test file found');
}
const counts = files.length === 0 ? { passed: 0, failed: 1 } : await runTests(files, system);
const passed = counts.passed + (withChecks ? CHECKS.length - failedChecks : 0);
const failed = counts.failed + failedChecks;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
