import { neutralise } from '../scan/neutralise/neutralise.ts';
import type { Located, MessageBytes, Patch } from '../scan/scanner.ts';
import { occurrences } from './byte-search.ts';
import { digestMessage, nameContent, readMessage } from './message-source.ts';
import { type Answer, describeFailure, type Errand, type ErrandResult } from './scan-job.ts';

/** More places than this in one message are not told apart by anybody. */
export const MAX_OFFSETS = 16;

/** Cloning a view between threads clones all memory behind it, so a partial view is copied first. */
function exactly({ offset, bytes }: Patch): Patch {
  const isWhole = bytes.byteLength === bytes.buffer.byteLength;
  return { offset, bytes: isWhole ? bytes : new Uint8Array(bytes) };
}

function locate(message: MessageBytes, needle: MessageBytes): Located {
  if (needle.byteLength === 0) {
    return { offsets: [0], more: false };
  }
  const found = occurrences(readMessage(message), readMessage(needle), MAX_OFFSETS + 1);
  return { offsets: found.slice(0, MAX_OFFSETS), more: found.length > MAX_OFFSETS };
}

function run(errand: Errand): ErrandResult {
  if (errand.kind === 'locate') {
    return { kind: 'locate', located: locate(errand.message, errand.needle) };
  }
  if (errand.kind === 'name') {
    return { kind: 'name', content: nameContent(errand.message) };
  }
  if (errand.kind === 'digest') {
    return { kind: 'digest', sha256: digestMessage(errand.message) };
  }
  const patches = neutralise(readMessage(errand.message), errand.guilt, errand.notice);
  return { kind: 'neutralise', patches: patches.map(exactly) };
}

/** Runs one errand. Never rejects: a rejection would read as a lost thread. */
export default function runErrand(errand: Errand): Answer<ErrandResult> {
  try {
    return { ok: true, value: run(errand) };
  } catch (reason) {
    return { ok: false, detail: describeFailure(reason) };
  }
}
