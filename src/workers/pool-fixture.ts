import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { createRuleFile, createRuleSet, type RuleSet } from '../rules/rule-set.ts';
import type { ScanLimits } from '../scan/budget.ts';
import type { MessageBytes, ScanReport, ScanRequest } from '../scan/scanner.ts';
import type { ScanPoolOptions } from './scan-pool.ts';
import { inSharedMemory } from './self-test.ts';

/* What the tests of this folder share; nothing else imports it. */

export const MARKER = 'POSTERN-TEST';
export const LIMITS: ScanLimits = {
  maxMessageBytes: 1024 * 1024,
  maxMimeDepth: 60,
  maxParts: 1_000,
  maxHeaderBytes: 256 * 1024,
  maxHeaderFields: 1_000,
  maxViews: 16,
  maxContainerDepth: 24,
  maxPieces: 2_000,
  maxObjectBytes: 25 * 1024 * 1024,
  maxTotalBytes: 150 * 1024 * 1024,
  maxRatio: 200,
  ratioFloorBytes: 10 * 1024 * 1024,
  timeMs: 10_000,
};

export function rulesFor(marker: string, name = 'Marker'): RuleSet {
  const source = `rule ${name} { strings: $m = "${marker}" condition: $m }`;
  return createRuleSet([createRuleFile('marker.yar', 'marker', source)]);
}

export const OPTIONS: ScanPoolOptions = {
  rules: rulesFor(MARKER),
  workers: 1,
  workerHeapMb: 64,
  maxQueue: 100,
  timeoutMs: 20_000,
  deadlineMs: 60_000,
  limits: LIMITS,
  faults: true,
};

export function mail(text: string, ...fields: readonly string[]): Buffer {
  return Buffer.from([...fields, 'Subject: test', '', text, ''].join('\r\n'), 'latin1');
}

/** As a message in a file that has no name any more. */
export async function withFile<T>(bytes: Uint8Array, use: (message: MessageBytes) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-pool-'));
  const path = join(folder, 'spool');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  unlinkSync(path);
  try {
    return await use({ kind: 'file', fd, byteLength: bytes.byteLength });
  } finally {
    closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

let requests = 0;

export function request(
  content: Uint8Array | MessageBytes,
  more: Partial<Omit<ScanRequest, 'message'>> = {},
): ScanRequest {
  requests += 1;
  const message = content instanceof Uint8Array ? inSharedMemory(content) : content;
  return { id: `r${requests}`, subject: 'message', message, lane: 'interactive', user: 'ann', ...more };
}

/** The verdict in one word, with its cause: `clean`, `malicious`, `unscannable timeout`. */
export function verdictOf({ verdict }: ScanReport): string {
  return verdict.kind === 'unscannable' ? `unscannable ${verdict.cause}` : verdict.kind;
}

/** Time that passes only when a test says so; tasks run inside `advance`. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #tasks = new Map<() => void, number>();

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const once = (): void => task();
    this.#tasks.set(once, this.#now + delayMs);
    return () => this.#tasks.delete(once);
  }

  advance(ms: number): void {
    this.#now += ms;
    for (const [task, due] of this.#tasks) {
      if (due <= this.#now) {
        this.#tasks.delete(task);
        task();
      }
    }
  }
}
