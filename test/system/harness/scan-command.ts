import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '../../..');
/** Start of the program, and a folder of a few hundred messages on a busy machine. */
const TIMEOUT_MS = 600_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** One line of `postern scan --json`. */
export interface ScanLine {
  readonly file: string;
  readonly verdict: string;
  readonly cause: string | null;
  readonly findings: readonly {
    readonly engine: string;
    readonly rule: string;
    readonly namespace: string;
    readonly class: string;
    readonly part: string;
  }[];
  readonly sha256: string;
  readonly bytes: number;
  readonly pieces: number;
  readonly ms: number;
}

export interface ScanOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Every line of standard output, read as JSON. */
  readonly results: readonly ScanLine[];
}

interface Options {
  readonly stdin?: Buffer;
}

/** Runs `npm run --silent postern -- scan --json ARGUMENTS`, as a user would. */
export async function runScan(args: readonly string[], { stdin }: Options = {}): Promise<ScanOutcome> {
  const command = ['run', '--silent', 'postern', '--', 'scan', '--json', ...args];
  const options = { cwd: PROJECT, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  const { code, stdout, stderr } = await new Promise<Omit<ScanOutcome, 'results'>>((resolve) => {
    const child = execFile('npm', command, options, (error, out, err) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1,
        stdout: out,
        stderr: err,
      });
    });
    child.stdin?.end(stdin);
  });
  assert.notEqual(code, -1, `scan did not end by itself\n${stderr}`);
  const lines = stdout.split('\n');
  assert.equal(lines.pop(), '', 'the last line is ended');
  return { code, stdout, stderr, results: lines.map((line) => JSON.parse(line) as ScanLine) };
}
