import { Budget } from './budget.ts';
import { DecodeRoom } from './decode-room.ts';
import { createInlineDecoders } from './mime/inline/index.ts';
import { neutralise } from './neutralise/neutralise.ts';
import type { PipelineParts, PipelineResult, RunParts } from './pipeline-parts.ts';
import { MIME_ENGINE } from './scan-outcome.ts';
import { type RunInput, ScanRun } from './scan-run.ts';
import type { Guilt, ScanSubject } from './scanner.ts';
import { MarkIndex } from './unpack/mark-search.ts';
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
  const { all, blind } = createInlineDecoders(given.marks ?? new MarkIndex());
  const parts: RunParts = { ...given, openers: [...all, ...given.unpackers], blind };
  const room = new DecodeRoom();
  return {
    scan: async (message, subject, sha256) => {
      const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
      if (!room.take()) {
        return await scanOnce(parts, { message: bytes, subject, sha256 }, undefined);
      }
      try {
        return await scanOnce(parts, { message: bytes, subject, sha256 }, room);
      } finally {
        room.giveBack();
      }
    },
  };
}

async function scanOnce(
  parts: RunParts,
  input: RunInput,
  room: DecodeRoom | undefined,
): Promise<PipelineResult> {
  const budget = new Budget(parts.limits, parts.now, room);
  const run = new ScanRun(parts, input, budget);
  const result = await run.run();
  const doubted = input.subject === 'message' && result.guilt.kind === 'ranges' && run.needsProof;
  if (!doubted) {
    return result;
  }
  if (parts.verdictsOnly === true) {
    return { ...result, guilt: { kind: 'body' } };
  }
  const rest = new Budget({ ...parts.limits, timeMs: budget.remainingMs() }, parts.now, room);
  const guilt = await proven(parts, { ...input, sha256: result.sha256 }, result.guilt, rest);
  return { ...result, guilt };
}

/**
 * `guilt` when the message with its ranges overwritten is clean in every reading, otherwise the whole body. It is read
 * under the digest of the message, by which readers are chosen.
 */
async function proven(parts: RunParts, found: RunInput, guilt: Guilt, budget: Budget): Promise<Guilt> {
  const disarmed = Buffer.from(found.message);
  for (const patch of neutralise(found.message, guilt, TEST_NOTICE)) {
    disarmed.set(patch.bytes, patch.offset);
  }
  const { verdict } = await new ScanRun(parts, { ...found, message: disarmed }, budget).run();
  return isDisarmed(verdict) ? guilt : { kind: 'body' };
}

/** Nothing is found any more; that the structure is ambiguous does not go away and does no harm. */
function isDisarmed(verdict: Verdict): boolean {
  const isAmbiguous =
    verdict.kind === 'suspicious' && verdict.findings.every(({ engine }) => engine === MIME_ENGINE);
  return verdict.kind === 'clean' || isAmbiguous;
}
