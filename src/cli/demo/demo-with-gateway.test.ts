import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runDemo } from './demo.ts';
import { processEnvironment } from './environment.ts';
import { createDemoMessages } from './messages.ts';
import { MAIL_PROTOCOLS } from './server/traffic.ts';

it('demo --once exits 0 with the real gateway: clean mail untouched, infected mail neutralised, sizes kept', async () => {
  const lines: string[] = [];
  const code = await runDemo(['--once', '--json'], {
    ...processEnvironment(),
    print: (line) => lines.push(line),
    printError: (line) => lines.push(line),
    stopRequested: () => Promise.resolve(),
  });
  assert.equal(code, 0, lines.filter((line) => !line.includes('"ok":true')).join('\n'));
  assert.equal(lines.length, createDemoMessages().length * MAIL_PROTOCOLS.length);
  const infected = lines.filter((line) => line.includes('"expected":"malicious"'));
  assert.ok(
    infected.every((line) => /"verdict":"malicious","finding":"\w+"/.test(line)),
    infected.join('\n'),
  );
});
