import type { ScanLimits } from './budget.ts';
import type { Engine } from './engines/engine.ts';
import type { SecondReader } from './readers/second-reader.ts';
import type { Guilt } from './scanner.ts';
import type { MarkIndex } from './unpack/mark-search.ts';
import type { Unpacker } from './unpack/unpacker.ts';
import type { Verdict } from './verdict.ts';

/** What a pipeline is made of. */
export interface PipelineParts {
  readonly engines: readonly Engine[];
  readonly unpackers: readonly Unpacker[];
  /** What the unpackers find marks with, so that a text is searched once for all readers; default one of its own. */
  readonly marks?: MarkIndex;
  readonly limits: ScanLimits;
  /** Monotonic clock, milliseconds. */
  readonly now: () => number;
  /** `auto`: the second reader reads what our walk found unusual, and a sample. Default `auto`. */
  readonly readers?: 'auto' | 'both';
  /** One message of this many, chosen by its digest, is read by both readers. Default 64. */
  readonly sampleEvery?: number;
  /** Reads a message in another way than our own walker; default mailparser. */
  readonly secondReader?: SecondReader;
  /** Nobody will overwrite what is guilty: where it would have to be proven by another scan it is the body. Default no. */
  readonly verdictsOnly?: boolean;
  /** Digests (lower-case hex) of content that is trusted: such a piece is neither matched nor opened. */
  readonly isAllowed?: (sha256: string) => boolean;
  /** Told that about so many bytes lie about that nobody refers to any more: the runtime leaves large contents there. */
  readonly onDiscard?: (bytes: number) => void;
}

/** The same for every message of a pipeline. */
export interface RunParts extends PipelineParts {
  /** The unpackers given, and before them the decoders of what stands in texts. */
  readonly openers: readonly Unpacker[];
  /** Decoders for bytes that belong to no part. */
  readonly blind: readonly Unpacker[];
}

export interface PipelineResult {
  readonly verdict: Verdict;
  readonly guilt: Guilt;
  /** SHA-256 of the raw bytes, lower-case hex. */
  readonly sha256: string;
  /** Distinct pieces that were matched, the raw message among them. */
  readonly pieces: number;
  readonly decodeMs: number;
  readonly matchMs: number;
}
