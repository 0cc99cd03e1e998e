import { Budget } from './budget.ts';
import { createInlineDecoders } from './mime/inline/index.ts';
import { neutralise } from './neutralise/neutralise.ts';
import type { PipelineParts, PipelineResult, RunParts } from './pipeline-parts.ts';
import { MIME_ENGINE } from './scan-outcome.ts';
import { ScanRun } from './scan-run.ts';
import type { Guilt, ScanSubject } from './scanner.ts';
import type { Verdict } from './verdict.ts';

export type { PipelineParts, PipelineResult } from './pipeline-parts.ts';

/** Decodes, unpacks and matches. */
export interface Pipeline {
  /**
   * Judges `message`, which is only read and may be shared memory. Never rejects for content: whatever a reader,
   * an unpacker or an engine throws becomes `unscannable`, with what was found until then. `sha256`: digest of these
   * very bytes, lower-case hex, when it is known; otherwise it is calculated.
   */
  scan(message: Uint8Array, subject: ScanSubject, sha256?: string): Promise<PipelineResult>;
}

/** Content of the overlay used to test whether a neutralisation disarms every reading. */
const TEST_NOTICE = '#';

export function createPipeline(given: PipelineParts): Pipeline {
  const { all, blind } = createInlineDecoders();
  const parts: RunParts = { ...given, openers: [...all, ...given.unpackers], blind };
  return {
    scan: async (message, subject, sha256) => {
      const budget = new Budget(parts.limits, parts.now);
      const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
      const run = new ScanRun(parts, { message: bytes, subject, sha256 }, budget);
      const result = await run.run();
      const doubted = subject === 'message' && result.guilt.kind === 'ranges' && run.needsProof;
      const guilt = doubted ? await proven(parts, bytes, subject, result.guilt, budget) : result.guilt;
      return { ...result, guilt };
    },
  };
}

/** `guilt` when the message with its ranges overwritten is clean in every reading, otherwise the whole body. */
async function proven(
  parts: RunParts,
  message: Buffer,
  subject: ScanSubject,
  guilt: Guilt,
  spent: Budget,
): Promise<Guilt> {
  const disarmed = Buffer.from(message);
  for (const patch of neutralise(message, guilt, TEST_NOTICE)) {
    disarmed.set(patch.bytes, patch.offset);
  }
  const budget = new Budget({ ...parts.limits, timeMs: spent.remainingMs() }, parts.now);
  const { verdict } = await new ScanRun(parts, { message: disarmed, subject }, budget).run();
  return isDisarmed(verdict) ? guilt : { kind: 'body' };
}

/** Nothing is found any more; that the structure is ambiguous does not go away and does no harm. */
function isDisarmed(verdict: Verdict): boolean {
  const isAmbiguous =
    verdict.kind === 'suspicious' && verdict.findings.every(({ engine }) => engine === MIME_ENGINE);
  return verdict.kind === 'clean' || isAmbiguous;
}
