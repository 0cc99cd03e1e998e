import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type {
  Guilt,
  Located,
  MessageBytes,
  Patch,
  ScanReport,
  ScanRequest,
  Scanner,
} from '../../src/scan/scanner.ts';
import type { Finding, Verdict } from '../../src/scan/verdict.ts';

/** The bytes of a held message, wherever they are. */
export function contentOf(message: MessageBytes): Buffer {
  if (message.kind === 'memory') return Buffer.from(new Uint8Array(message.buffer, 0, message.byteLength));
  const content = Buffer.alloc(message.byteLength);
  fs.readSync(message.fd, content, 0, content.length, 0);
  return content;
}

export function finding(rule = 'Test_Rule', part = '1'): Finding {
  return {
    engine: 'fake',
    rule,
    namespace: 'test',
    class: 'malicious',
    severity: 'high',
    part,
    sha256: '0'.repeat(64),
  };
}

export const MALICIOUS: Verdict = { kind: 'malicious', findings: [finding()] };
export const CLEAN: Verdict = { kind: 'clean' };

interface Pending {
  readonly request: ScanRequest;
  readonly content: Buffer;
  readonly signal: AbortSignal | undefined;
  resolve(report: ScanReport): void;
  reject(error: unknown): void;
}

/**
 * A scanner that answers what a test decides: at once through `judge`, or later with `answer` while `isHeld`.
 * Neutralising overwrites everything after the first empty line with the notice.
 */
export class FakeScanner implements Scanner {
  readonly generation = 'test-1';
  readonly requests: ScanRequest[] = [];
  readonly pending: Pending[] = [];
  judge: (content: Buffer) => Verdict = (content) => (content.includes('INFECTED') ? MALICIOUS : CLEAN);
  isHeld = false;
  /** Thrown by `scan` instead of an answer. */
  failure: unknown;

  scan(request: ScanRequest, signal?: AbortSignal): Promise<ScanReport> {
    this.requests.push(request);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const content = contentOf(request.message);
    if (!this.isHeld) return Promise.resolve(report(content, this.judge(content)));
    return new Promise((resolve, reject) => {
      const entry: Pending = { request, content, signal, resolve, reject };
      this.pending.push(entry);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  /** Answers the oldest held request. */
  answer(verdict?: Verdict): void {
    const next = this.pending.shift();
    if (next === undefined) throw new Error('no scan is waiting');
    next.resolve(report(next.content, verdict ?? this.judge(next.content)));
  }

  neutralise(message: MessageBytes, _guilt: Guilt, notice: string): Promise<readonly Patch[]> {
    const content = contentOf(message);
    const emptyLine = content.indexOf('\r\n\r\n');
    const offset = emptyLine < 0 ? 0 : emptyLine + 4;
    const bytes = content.subarray(offset);
    for (let i = 0; i < bytes.length; i += 1) {
      const byte = bytes[i];
      if (byte !== 0x0d && byte !== 0x0a) bytes[i] = notice.charCodeAt(i % notice.length);
    }
    return Promise.resolve([{ offset, bytes }]);
  }

  locate(message: MessageBytes, needle: MessageBytes): Promise<Located> {
    const offset = contentOf(message).indexOf(contentOf(needle));
    return Promise.resolve({ offsets: offset < 0 ? [] : [offset], more: false });
  }
}

export function report(content: Buffer, verdict: Verdict): ScanReport {
  return {
    verdict,
    guilt: { kind: 'body' },
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    pieces: 1,
    generation: 'test-1',
    timings: { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 },
  };
}
