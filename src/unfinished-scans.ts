import type { Config } from './base/config/schema.ts';
import { scanCode } from './scan-code.ts';
import type { Recording } from './scan-recording.ts';
import { openRecordFile, type RecordFile } from './workers/unfinished/record-file.ts';
import type { RecordAccess } from './workers/unfinished/scan-record.ts';
import { STRIKES, type Suspect, termsDigest } from './workers/unfinished/suspects.ts';

/* The part of the composition root that keeps a message from ending the process again and again. */

/** Digests in one line of the log; the file has them all. */
const MAX_LOGGED = 20;

export interface UnfinishedScans {
  /** Undefined when the folder cannot be used: scans go on without. */
  readonly access: RecordAccess | undefined;
  /** The process stops as asked: what is still being scanned has not ended it. Nothing more is recorded. */
  clear(): void;
  close(): void;
}

const NOWHERE: UnfinishedScans = { access: undefined, clear: () => undefined, close: () => undefined };

type RecordConfig = Pick<Config, 'scan' | 'limits' | 'quarantine'>;

/** What an end of the process may depend on beside message and rules: who gives threads more memory wants another try. */
function settingsOf({ scan, limits }: RecordConfig): string {
  const { sharedVerdicts: _, ...own } = scan;
  return termsDigest(JSON.stringify({ own, largest: limits.maxMessageBytes, code: scanCode() }));
}

/** Reads what the process before left, says so, and begins anew. Never throws. */
export function openUnfinishedScans(config: RecordConfig, recording: Recording): UnfinishedScans {
  const { log, clock } = recording;
  try {
    const file = openRecordFile(config.quarantine.path, settingsOf(config), clock.now());
    tell(file, recording);
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn(
      { folder: config.quarantine.path, reason },
      'cannot record which scans are running: a message that ends the process may end it again and again',
    );
    return NOWHERE;
  }
}

function tell({ path, left, suspects, wasDamaged }: RecordFile, { metrics, log }: Recording): void {
  if (wasDamaged) log.warn({ path }, 'the record of unfinished scans was damaged and begins anew');
  const refused = suspects.filter(({ strikes }) => strikes >= STRIKES);
  metrics.scanSuspects.set({ state: 'refused' }, refused.length);
  metrics.scanSuspects.set({ state: 'watched' }, suspects.length - refused.length);
  if (suspects.length === 0) return;
  log.warn(
    {
      path,
      unfinished: left.slice(0, MAX_LOGGED),
      suspects: suspects.length,
      refused: refused.length,
      refusedMessages: refused.slice(0, MAX_LOGGED).map(digestOf),
    },
    left.length > 0
      ? 'the process before ended while it scanned; what it scanned then twice is not scanned again'
      : 'messages are suspected of having ended the process before',
  );
}

function digestOf({ sha256 }: Suspect): string {
  return sha256;
}
