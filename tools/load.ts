/**
 * `npm run load -- SCENARIO`: builds k6 when it is not there and runs load-tests/scenarios/SCENARIO.js against HOST,
 * IMAP_PORT, IMAPS_PORT, POP3_PORT, POP3S_PORT. What is given behind the scenario goes to k6.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';

const K6 = 'load-tests/k6.bin';

function run(program: string, args: readonly string[], cwd = '.'): number {
  return spawnSync(program, args, { stdio: 'inherit', cwd }).status ?? 1;
}

const [scenario = '', ...more] = process.argv.slice(2);
const scenarios = globSync('load-tests/scenarios/*.js').map((path) => path.replace(/^.*\/|\.js$/gu, ''));
if (scenario === 'starttls') {
  process.exit(run(process.execPath, ['load-tests/starttls.ts']));
}
if (!scenarios.includes(scenario)) {
  console.error(
    `Usage: npm run load -- SCENARIO [K6 OPTION]...\n${[...scenarios.sort(), 'starttls'].join('\n')}`,
  );
  process.exit(2);
}
if (!existsSync(K6) && run('bash', ['load-tests/build-k6.sh', K6]) !== 0) {
  process.exit(1);
}
process.exit(run('./k6.bin', ['run', `scenarios/${scenario}.js`, ...more], 'load-tests'));
