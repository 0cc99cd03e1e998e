import { MAX_SUSPECTS, type RecordContent, STRIKES, type Suspect, type UnfinishedScan } from './suspects.ts';

/*
 * The file of unfinished scans: lines of one length, so that each has its place and is written with one call. First
 * the name of the format, then a slot for each thread, then the suspects. Blank lines are free. An administrator can
 * read it; it holds nothing of a message but digests.
 */

export const LINE_BYTES = 128;
/** Twice the most threads that a configuration may ask for: while rules change, there are two sets of them. */
export const SLOTS = 512;
const HEADER = 'postern unfinished scans 1';
export const FILE_BYTES = (1 + SLOTS + MAX_SUSPECTS) * LINE_BYTES;

const SLOT = /^(?<sha256>[0-9a-f]{64}) (?<settings>[0-9a-f]{16}) (?<rules>[0-9a-f]{16})/u;
const SUSPECT = new RegExp(`${SLOT.source} (?<strikes>[1-9]) (?<at>[0-9]{13}) *$`, 'u');
const SCAN = new RegExp(`${SLOT.source} (?<at>[0-9]{13}) *$`, 'u');

export function slotOffset(slot: number): number {
  return (1 + slot) * LINE_BYTES;
}

export function suspectOffset(index: number): number {
  return (1 + SLOTS + index) * LINE_BYTES;
}

/** A line of the file. */
export function lineOf(text: string): Buffer {
  return Buffer.from(`${text.padEnd(LINE_BYTES - 1)}\n`, 'latin1');
}

function timeText(ms: number): string {
  return String(ms).padStart(13, '0');
}

export function slotLine({ sha256, settings, rules, begunAt }: UnfinishedScan): Buffer {
  return lineOf(`${sha256} ${settings} ${rules} ${timeText(begunAt)}`);
}

/** Slots in which nothing is being scanned. */
export function freeSlots(): Buffer {
  return Buffer.concat(Array.from({ length: SLOTS }, () => lineOf('')));
}

/** A whole file in which nothing is being scanned. */
export function formatRecord(suspects: readonly Suspect[]): Buffer {
  const texts = Array.from({ length: MAX_SUSPECTS }, (_, index) => suspects[index]);
  const lines = texts.map((suspect) => lineOf(suspect === undefined ? '' : suspectText(suspect)));
  return Buffer.concat([lineOf(HEADER), freeSlots(), ...lines]);
}

function suspectText({ sha256, settings, rules, strikes, at }: Suspect): string {
  return `${sha256} ${settings} ${rules} ${strikes} ${timeText(at)}`;
}

/**
 * Reads what a process before left; others may have written it. Lines that are none of ours count for nothing, times to
 * come for `now`. Undefined when it is no such file.
 */
export function parseRecord(bytes: Uint8Array, now: number): RecordContent | undefined {
  if (bytes.length !== FILE_BYTES) return undefined;
  const text = Buffer.from(bytes).toString('latin1');
  const line = (index: number): string => text.slice(index * LINE_BYTES, (index + 1) * LINE_BYTES - 1);
  if (line(0).trimEnd() !== HEADER) return undefined;
  const left: UnfinishedScan[] = [];
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const scan = scanOf(SCAN.exec(line(1 + slot)), now);
    if (scan !== undefined) left.push(scan);
  }
  const suspects = new Map<string, Suspect>();
  for (let index = 0; index < MAX_SUSPECTS; index += 1) {
    const suspect = suspectOf(SUSPECT.exec(line(1 + SLOTS + index)), now);
    if (suspect !== undefined) suspects.set(suspect.sha256, suspect);
  }
  return { left, suspects: [...suspects.values()] };
}

function scanOf(found: RegExpExecArray | null, now: number): UnfinishedScan | undefined {
  const { sha256, settings, rules, at } = found?.groups ?? {};
  return sha256 === undefined || settings === undefined || rules === undefined
    ? undefined
    : { sha256, settings, rules, begunAt: Math.min(Number(at), now) };
}

function suspectOf(found: RegExpExecArray | null, now: number): Suspect | undefined {
  const scan = scanOf(found, now);
  if (scan === undefined) return undefined;
  const { sha256, settings, rules, begunAt: at } = scan;
  const strikes = Math.min(Number(found?.groups?.['strikes']), STRIKES);
  return { sha256, settings, rules, strikes, at };
}
