/**
 * `npm run bench`: Postern beside what else could stand there, in one run on one machine.
 * `-- --quick` does a little of everything; `-- only NAME…` some of it; docs/PERFORMANCE.md is written by a whole
 * full run (or `--write`), bench/results.json always.
 */
import { parseArgs } from 'node:util';
import { writeFileSync } from 'node:fs';
import { machine } from './machine.ts';
import { measureLatency } from './measures/latency.ts';
import { measureMemory } from './measures/memory.ts';
import { measurePush } from './measures/push.ts';
import { measureScanning } from './measures/scanning.ts';
import { measureSessions } from './measures/sessions.ts';
import { measureThroughput } from './measures/throughput.ts';
import { LOAD_CPU, pinSelf } from './pinned-program.ts';
import { performancePage, type Report } from './performance-page.ts';
import { Figures } from './result.ts';
import { assertInstalled, FULL, QUICK, type Setting, withSetting } from './setting.ts';
import { spreadOf } from './statistics.ts';

const MEASURES: Readonly<Record<string, (setting: Setting, figures: Figures) => Promise<void>>> = {
  throughput: measureThroughput,
  sessions: measureSessions,
  latency: measureLatency,
  push: measurePush,
  memory: measureMemory,
  scanning: measureScanning,
};

const RESULTS = 'bench/results.json';
const PAGE = 'docs/PERFORMANCE.md';

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { quick: { type: 'boolean', default: false }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const asked = positionals.filter((word) => word !== 'only');
const unknown = asked.filter((name) => !(name in MEASURES));
if (unknown.length > 0) {
  throw new Error(`no measurement ${unknown.join(', ')}; there are ${Object.keys(MEASURES).join(', ')}`);
}
assertInstalled(['haproxy', 'nginx', 'perdition', 'dovecot', 'clamd', 'yara', 'taskset']);
const scale = values.quick ? QUICK : FULL;
const figures = new Figures();
const start = performance.now();
pinSelf(LOAD_CPU);
function reported(): Report {
  return {
    scale: scale.name,
    corpus: { messages: Math.round(500 * scale.corpusShare), megabytes: 150 * scale.corpusShare },
    rounds: scale.rounds,
    seconds: Math.round((performance.now() - start) / 1000),
    machine: machine(),
    figures: figures.finish(spreadOf),
  };
}

/** After each measurement: what was measured stays when a later one fails. */
function keep(report: Report): void {
  writeFileSync(RESULTS, `${JSON.stringify(report, null, 1)}\n`);
}

await withSetting(scale, async (setting) => {
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (asked.length === 0 || asked.includes(name)) {
      console.log(`${name} (${Math.round((performance.now() - start) / 1000)} s)`);
      await measure(setting, figures);
      keep(reported());
    }
  }
});
const report = reported();
keep(report);
const isWhole = asked.length === 0 && scale === FULL;
if (isWhole || values.write) {
  writeFileSync(PAGE, performancePage(report));
}
console.log(
  `${report.figures.length} figures in ${report.seconds} s: ${RESULTS}${isWhole || values.write ? `, ${PAGE}` : ''}`,
);
process.exit(); // sockets of programs that were stopped do not keep it
