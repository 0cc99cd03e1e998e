import type { ScanLimits } from './budget.ts';

/** The default limits, for tests. */
export const TEST_LIMITS: ScanLimits = {
  maxMessageBytes: 50 * 1024 * 1024,
  maxMimeDepth: 60,
  maxParts: 1000,
  maxHeaderBytes: 256 * 1024,
  maxHeaderFields: 1000,
  maxViews: 16,
  maxContainerDepth: 24,
  maxPieces: 2000,
  maxObjectBytes: 25 * 1024 * 1024,
  maxTotalBytes: 150 * 1024 * 1024,
  maxRatio: 200,
  ratioFloorBytes: 10 * 1024 * 1024,
  timeMs: 10_000,
};
