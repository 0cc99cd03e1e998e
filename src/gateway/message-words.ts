import type { Metrics } from '../base/metrics.ts';
import type { MessageBytes, Patch, ScanReport } from '../scan/scanner.ts';
import type { MarkBook } from './mark-book.ts';
import { messageStart } from './message-start.ts';
import type { Action } from './policy/action.ts';
import {
  type Edit,
  headerEdits,
  type HeaderWords,
  MAX_HEADER_BYTES,
  plainHeaderEnd,
} from './policy/header-edit.ts';
import type { NoticeWording } from './policy/notice-wording.ts';
import { resultHeaders, subjectTag, tagValues } from './policy/notice-tag.ts';
import { spareRoom } from './policy/spare-room.ts';
import type { MarkRequest, MessageContext } from './relay.ts';

export interface MessageWordsParts {
  readonly family: 'imap' | 'pop3';
  readonly wording: (user: string) => NoticeWording;
  /** Asks the relay to set keywords. */
  readonly mark: (request: MarkRequest) => void;
  readonly book: MarkBook;
  readonly metrics: Metrics;
}

/** A message that was judged, for whom. */
export interface SpokenOf {
  readonly user: string;
  readonly context: MessageContext;
  readonly report: ScanReport;
  readonly action: Action;
}

/**
 * What a user is told of a message beside the notice in it. POP3: a tag in the subject and result headers, for which
 * the padding of the substitute makes room, so that the size stays. IMAP: keywords, because a message never changes.
 */
export class MessageWords {
  readonly #parts: MessageWordsParts;

  constructor(parts: MessageWordsParts) {
    this.#parts = parts;
  }

  /** Edits of the header of a substitute; none when nothing is to be said, or there is no room for it. */
  async edits(
    message: MessageBytes,
    patches: readonly Patch[],
    about: { readonly user: string; readonly report: ScanReport; readonly reference: string },
  ): Promise<readonly Edit[]> {
    const { user, report, reference } = about;
    const { subjectTag: template, resultHeaders: hasHeaders } = this.#parts.wording(user);
    const isWanted = template !== undefined || hasHeaders === true;
    if (this.#parts.family !== 'pop3' || !isWanted) return [];
    const values = tagValues(report, 'neutralise', reference);
    const tag = template === undefined ? '' : subjectTag(template, values);
    const lines = hasHeaders === true ? resultHeaders(report, values) : '';
    const start = (await messageStart(message, MAX_HEADER_BYTES)).toString('latin1');
    const edits = fitted(start, patches, { tag, lines });
    this.#count('header', edits === undefined ? 'no-room' : 'set');
    return edits ?? [];
  }

  /** Sets keywords on a message that something was found in. */
  mark({ user, context, report, action }: SpokenOf): void {
    const { family, wording, book, mark } = this.#parts;
    const { identity, uid } = context;
    if (family !== 'imap' || identity === '' || !/^\d{1,10}$/u.test(uid) || report.verdict.kind === 'clean')
      return;
    const keywords = keywordsFor(wording(user), report, action);
    if (keywords.length === 0 || book.has(user, identity)) return;
    const settle: MarkRequest['settle'] = (outcome) => {
      this.#count('keyword', outcome);
      if (outcome === 'set') book.add(user, identity);
    };
    mark({ identity, uid: Number(uid), keywords, settle });
  }

  #count(kind: 'header' | 'keyword', outcome: 'set' | 'no-room' | 'refused' | 'unsupported'): void {
    this.#parts.metrics.words.inc({ kind, outcome });
  }
}

function keywordsFor(wording: NoticeWording, { verdict }: ScanReport, action: Action): readonly string[] {
  if (action === 'neutralise' || action === 'block') return wording.keywords ?? [];
  const isFound = 'findings' in verdict && verdict.findings.length > 0;
  return action === 'deliver' && isFound ? (wording.keywordsFound ?? []) : [];
}

/** As much as there is room for: the tag before the lines. */
function fitted(start: string, patches: readonly Patch[], words: HeaderWords): readonly Edit[] | undefined {
  const headerEnd = plainHeaderEnd(start);
  if (headerEnd === undefined || patches.some(({ offset }) => offset < headerEnd)) return undefined;
  const fewer = [words, { ...words, lines: '' }, { ...words, tag: '' }];
  return fewer
    .filter(({ tag, lines }) => tag !== '' || lines !== '')
    .map((some) => fittedAt(headerEnd, start, patches, some))
    .find((edits) => edits !== undefined);
}

/** What the header grows by, the padding behind it shrinks by: a multiple of 4, for base64. */
function fittedAt(
  headerEnd: number,
  start: string,
  patches: readonly Patch[],
  words: HeaderWords,
): readonly Edit[] | undefined {
  const growth = growthOf(headerEdits(start, headerEnd, words));
  const padding = (4 - (growth % 4)) % 4;
  const room = spareRoom(patches, growth + padding);
  return room === undefined ? undefined : [...headerEdits(start, headerEnd, words, padding), ...room];
}

function growthOf(edits: readonly Edit[]): number {
  return edits.reduce((sum, { insert, remove }) => sum + insert.length - remove, 0);
}
