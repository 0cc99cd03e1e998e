import { request } from 'undici';
import { z } from 'zod';
import type { MessageBytes, ScanReport, Scanner } from '../scan/scanner.ts';
import { EXIT_NO, EXIT_OK, readArguments, UsageError, type Command } from './command.ts';
import { CONFIG_HELP, loadForTool } from './config-source.ts';
import { selftestMessages, type SelftestMessage } from './selftest-messages.ts';
import { createStderrLogger } from './stderr-logger.ts';
import { formatTable } from './terminal-text.ts';

const HELP = `Usage: postern selftest [--config FILE] [--url URL] [--json]

Opens the scanner with the configured rules and gives it a clean message and EICAR in three disguises.
Each must get its verdict, and what is neutralised must keep its size and be clean afterwards.

  --url URL       also ask a running gateway whether it is ready, e.g. http://127.0.0.1:9090
  --json          one JSON object per step and line: {"step","ok","detail"}
${CONFIG_HELP}
  --help          this text

Exit code: 0 all steps passed; 1 a step failed; 2 could not be tested.
`;

interface Step {
  readonly step: string;
  readonly ok: boolean;
  readonly detail: string;
}

const NOTICE = 'Removed by the self-test of Postern.';
const READY_TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

function inMemory(bytes: Uint8Array): MessageBytes {
  const buffer = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(buffer).set(bytes);
  return { kind: 'memory', buffer, byteLength: bytes.byteLength };
}

function scan(scanner: Scanner, id: string, message: MessageBytes): Promise<ScanReport> {
  return scanner.scan({ id, subject: 'message', message, lane: 'interactive', user: '' });
}

function describeVerdict({ verdict, timings }: ScanReport): string {
  const cause = verdict.kind === 'unscannable' ? ` (${verdict.cause})` : '';
  return `${verdict.kind}${cause} in ${timings.totalMs.toFixed(1)} ms`;
}

/** Overwrites what is guilty, and judges the result again. */
async function neutralised(
  scanner: Scanner,
  name: string,
  bytes: Uint8Array,
  report: ScanReport,
): Promise<Step> {
  const substitute = bytes.slice();
  for (const { offset, bytes: patch } of await scanner.neutralise(inMemory(bytes), report.guilt, NOTICE)) {
    substitute.set(patch, offset); // throws when a patch would change the size
  }
  const after = await scan(scanner, `${name} neutralised`, inMemory(substitute));
  return { step: `${name}, neutralised`, ok: after.verdict.kind === 'clean', detail: describeVerdict(after) };
}

async function testMessage(
  scanner: Scanner,
  { name, text, infected }: SelftestMessage,
): Promise<readonly Step[]> {
  const bytes = Buffer.from(text, 'latin1');
  const report = await scan(scanner, name, inMemory(bytes));
  const ok = report.verdict.kind === (infected ? 'malicious' : 'clean');
  const step = { step: name, ok, detail: describeVerdict(report) };
  return ok && infected ? [step, await neutralised(scanner, name, bytes, report)] : [step];
}

const readySchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
});

async function readLimited(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** A gateway that cannot be asked is a failed step, not an error of the test. */
async function askGateway(url: URL): Promise<readonly Step[]> {
  try {
    const target = new URL('/readyz', url);
    const response = await request(target, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    const { ready, checks } = readySchema.parse(JSON.parse(await readLimited(response.body)));
    const steps = checks.map(({ name, ok, detail = '' }) => ({ step: `gateway: ${name}`, ok, detail }));
    return [...steps, { step: 'gateway: ready', ok: ready, detail: target.href }];
  } catch (error) {
    const reason =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? 'no gateway answers there'
        : String(error);
    return [{ step: 'gateway: ready', ok: false, detail: reason }];
  }
}

function parseUrl(text: string | undefined): URL | undefined {
  if (text === undefined) {
    return undefined;
  }
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new UsageError(`--url must look like http://127.0.0.1:9090, not ${JSON.stringify(text)}`);
  }
  return url;
}

function formatSteps(steps: readonly Step[], json: boolean): string {
  if (json) {
    return steps.map((step) => `${JSON.stringify(step)}\n`).join('');
  }
  const rows = steps.map(({ step, ok, detail }) => [ok ? 'ok' : 'FAILED', step, detail]);
  return formatTable([{ title: 'RESULT' }, { title: 'STEP' }, { title: 'DETAIL' }], rows);
}

export const selftestCommand: Command = {
  name: 'selftest',
  summary: 'EICAR through the scanner, and the readiness of a running gateway',
  help: HELP,
  async run(argv, io, roof) {
    const { values } = readArguments({
      args: [...argv],
      options: {
        config: { type: 'string' },
        url: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const url = parseUrl(values.url);
    const config = loadForTool(values.config, io.env);
    const opened = await roof.openScanner(config, createStderrLogger(io));
    const steps: Step[] = [];
    try {
      for (const message of selftestMessages()) {
        steps.push(...(await testMessage(opened.scanner, message)));
      }
    } finally {
      await opened.close();
    }
    steps.push(...(url === undefined ? [] : await askGateway(url)));
    await io.out(formatSteps(steps, values.json));
    return steps.every(({ ok }) => ok) ? EXIT_OK : EXIT_NO;
  },
};
