import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { App } from '../app.ts';
import type { GatewayError } from '../base/errors.ts';
import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';
import type { Finding, Verdict } from '../scan/verdict.ts';
import type { Roof } from './command.ts';

export function bytesOf(message: MessageBytes): Buffer {
  if (message.kind === 'memory') {
    return Buffer.from(new Uint8Array(message.buffer, 0, message.byteLength));
  }
  const bytes = Buffer.alloc(message.byteLength);
  readSync(message.fd, bytes, 0, bytes.byteLength, 0);
  return bytes;
}

function finding(findingClass: Finding['class']): Finding {
  const [rule, part] = [`${findingClass}_marker`, '2/a.zip'];
  return { engine: 'test', rule, namespace: 'ns', class: findingClass, severity: 'high', part, sha256: '00' };
}

/** The message says what becomes of it: `verdict=malicious`, `verdict=unscannable`, … */
function verdictOf(text: string): Verdict {
  const kind = /verdict=(?<kind>\w+)/u.exec(text)?.groups?.['kind'];
  if (kind === 'malicious' || kind === 'suspicious') {
    return { kind, findings: [finding(kind)] };
  }
  return kind === 'unscannable'
    ? { kind, cause: 'bomb', findings: [], detail: 'too much of it' }
    : { kind: 'clean' };
}

/** A scanner without rules and threads. `verdict=never` is answered when the caller gives up. */
export class ScriptedScanner implements Scanner {
  readonly generation = 'g1';
  readonly seen: ScanRequest[] = [];
  readonly #judge: (text: string) => Verdict;

  constructor(judge: (text: string) => Verdict = verdictOf) {
    this.#judge = judge;
  }

  async scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanReport> {
    this.seen.push(request);
    const bytes = bytesOf(request.message);
    const text = bytes.toString('latin1');
    if (text.includes('verdict=never')) {
      await new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('given up')));
      });
    }
    return {
      verdict: this.#judge(text),
      guilt: { kind: 'body' },
      sha256: createHash('sha256').update(bytes).digest('hex'),
      bytes: bytes.byteLength,
      pieces: 3,
      generation: this.generation,
      timings: { queueMs: 0.5, decodeMs: 1, matchMs: 2, totalMs: 3.51234 },
    };
  }

  async neutralise(message: MessageBytes): ReturnType<Scanner['neutralise']> {
    const text = bytesOf(message).toString('latin1');
    const start = text.indexOf('\r\n\r\n') + 4;
    return [{ offset: start, bytes: Buffer.from(text.slice(start).replaceAll(/[^\r\n]/gu, '#'), 'latin1') }];
  }

  async locate(): ReturnType<Scanner['locate']> {
    return { offsets: [], more: false };
  }
}

/** A roof for tests: remembers what it was asked to open, and in which order things ended. */
export class ScriptedRoof implements Roof {
  readonly events: string[] = [];
  readonly rules: (readonly string[])[] = [];
  /** Scan threads that were asked for; 0: as many as are usual. */
  readonly workers: number[] = [];
  /** What the scanners were opened for. */
  readonly uses: unknown[] = [];
  readonly scanner: ScriptedScanner;
  /** Makes `openScanner` or `start` fail. */
  failure: GatewayError | undefined;

  constructor(scanner = new ScriptedScanner()) {
    this.scanner = scanner;
  }

  readonly openScanner: Roof['openScanner'] = async ({ rules, scan }, _, use) => {
    if (this.failure !== undefined) {
      throw this.failure;
    }
    this.rules.push(rules);
    this.workers.push(scan.workers);
    this.uses.push(use);
    return { scanner: this.scanner, ruleCount: 7, close: async () => void this.events.push('closed') };
  };

  readonly createApp: Roof['createApp'] = async (): Promise<App> => ({
    start: async () => {
      if (this.failure !== undefined) {
        throw this.failure;
      }
      this.events.push('started');
    },
    reload: async (reason) => void this.events.push(`reloaded: ${reason}`),
    stop: async (reason) => void this.events.push(`stopped: ${reason}`),
    endpoints: [],
    adminPort: 9090,
  });
}
