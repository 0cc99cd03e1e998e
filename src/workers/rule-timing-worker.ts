import { randomBytes } from 'node:crypto';
import { lowerPriority } from '../base/thread-priority.ts';
import { readRuleFile, sourceOfOne } from '../rules/rule-text.ts';
import { isSlow, msPerMb, RuleProfiler } from '../scan/engines/yara-profile.ts';
import type { RuleTime, TimingJob, TimingResult } from './rule-timing.ts';
import { type Answer, describeFailure } from './scan-job.ts';

lowerPriority();

const PIECE_BYTES = 256 * 1024;

/** The quickest of several passes tells a dear rule from a thread that had to wait. */
const PASSES = 4;

const now = (): number => performance.now();

function costOf(profiler: RuleProfiler, source: string): number | null {
  const costs = Array.from({ length: PASSES }, () => msPerMb(profiler.time(source)));
  return costs.some((cost) => cost === null) ? null : Math.min(...costs.map(Number));
}

/** What mail is made of, as far as matching is concerned: text, markup, encoded and packed content, a program. */
function sample(): readonly Uint8Array[] {
  const line =
    '<p style="x">Dear customer, your invoice 4711 is at <a href="https://example.org/i">…</a></p>\r\n';
  const noise = randomBytes(PIECE_BYTES);
  const program = Buffer.concat([Buffer.from('MZ'), randomBytes(64), Buffer.alloc(PIECE_BYTES / 2), noise]);
  return [
    Buffer.alloc(PIECE_BYTES, line),
    Buffer.alloc(PIECE_BYTES, line.replaceAll(/<[^>]*>/gu, '')),
    Buffer.from(noise.toString('base64')),
    noise,
    program,
  ];
}

function measure({ rules, shadow, deadlineMs }: TimingJob): TimingResult {
  const end = now() + deadlineMs;
  const profiler = new RuleProfiler(sample(), now);
  const times: RuleTime[] = [];
  let truncated = false;
  const lists = [
    { files: rules, isShadow: false },
    { files: shadow, isShadow: true },
  ];
  for (const { files, isShadow } of lists) {
    for (const { namespace, source } of files) {
      const file = readRuleFile(source);
      for (const rule of file.rules.filter(({ isPrivate }) => !isPrivate)) {
        truncated ||= now() >= end;
        if (truncated) break;
        const cost = costOf(profiler, sourceOfOne(file, rule));
        times.push({ namespace, rule: rule.name, isShadow, msPerMb: cost, isSlow: isSlow(cost) });
      }
    }
  }
  return { times: times.toSorted((a, b) => (b.msPerMb ?? -1) - (a.msPerMb ?? -1)), truncated };
}

/** Measures rules one by one. Never rejects: a rejection would read as a lost thread. */
export default function timing(job: TimingJob): Answer<TimingResult> {
  try {
    return { ok: true, value: measure(job) };
  } catch (reason) {
    return { ok: false, detail: describeFailure(reason) };
  }
}
