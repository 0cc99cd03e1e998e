import { GatewayError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import { type JudgementLog, NO_JUDGEMENT_LOG } from '../history/judgement-log.ts';
import type { QuarantineStore } from '../quarantine/quarantine-store.ts';
import { NO_RELEASES, type ReleaseList } from '../quarantine/release-list.ts';
import type { MessageBytes, ScanReport, ScanRequest, Scanner } from '../scan/scanner.ts';
import { type DeferralCounter, deferralKey } from './deferral-counter.ts';
import { excludedBeforeScan, excludedReport, withoutExcluded } from './exclusions/excluded-report.ts';
import { type Exclusion, type Exclusions, NO_EXCLUSIONS } from './exclusions/exclusions.ts';
import { Overlay } from './overlay.ts';
import { PinnedVerdicts } from './pinned-verdicts.ts';
import type { Action } from './policy/action.ts';
import type { PolicyChoice } from './policy/policies.ts';
import { type Decision, decide, type PolicySettings } from './policy/policy.ts';
import type { MessageWords } from './message-words.ts';
import type { NoticeWording } from './policy/notice-wording.ts';
import { replacementNotice } from './policy/replacement-notice.ts';
import type { MessageContext } from './relay.ts';

/** Enough of the SHA-256 to find the original by; the quarantine is named by it. */
const REFERENCE_CHARACTERS = 16;

/** Everything a verdict needs to become an action, shared by all sessions. */
export interface JudgeParts {
  readonly scanner: Scanner;
  readonly quarantine: QuarantineStore;
  readonly policy: PolicySettings;
  readonly deferrals: DeferralCounter;
  readonly exclusions?: Exclusions;
  /** What administrators let through; default: nothing. */
  readonly releases?: ReleaseList;
  /** Where every judgement is told; default: nowhere. */
  readonly journal?: JudgementLog;
  readonly metrics: Metrics;
}

/** What a program says of itself. */
export interface ClientApplication {
  readonly name: string;
  readonly version: string;
}

/** Whose message it is. */
export interface JudgedFor {
  readonly listener: string;
  readonly family: 'imap' | 'pop3';
  readonly client: string;
  readonly log: Logger;
  /** The policy of the place; default: that of all. */
  readonly policy?: PolicyChoice;
  /** How this user is told of what was removed; default: in English. */
  readonly wording?: (user: string) => NoticeWording;
  /** What else he is told; default: nothing. */
  readonly words?: MessageWords;
}

export interface JudgeRequest {
  readonly scan: ScanRequest;
  readonly context: MessageContext;
  /** What a client uploads is refused, not replaced: nothing to quarantine. */
  readonly isUpload: boolean;
  /** What the program had said of itself when it asked; what it says later counts for what it asks later. */
  readonly application?: ClientApplication | undefined;
}

export interface JudgeSignals {
  /** Nobody waits for the action any more. */
  readonly live: AbortSignal;
  /** Nor for the verdict. Without it a scan goes on, so that its verdict is in the cache for the next try. */
  readonly scan: AbortSignal;
}

export interface Judgement {
  readonly action: Action;
  /** Present exactly when something has to be laid over the message. */
  readonly overlay?: Overlay;
  /** No engine reads the message any more; one that was given up may go on in native code. */
  readonly isAnswered: boolean;
}

/**
 * From a complete message to what is done with it: scan, policy, quarantine, substitute, in this order.
 * Resolves for every outcome; rejects only with the reason of one of the signals.
 */
export class MessageJudge {
  readonly #parts: JudgeParts;
  readonly #for: JudgedFor;
  readonly #pinned = new PinnedVerdicts();

  constructor(parts: JudgeParts, judgedFor: JudgedFor) {
    this.#parts = parts;
    this.#for = judgedFor;
  }

  async judge(request: JudgeRequest, signals: JudgeSignals): Promise<Judgement> {
    const { report: scanned, exclusion } = await this.#report(request, signals);
    signals.live.throwIfAborted();
    const { user, message } = request.scan;
    const pinned = this.#pinned.find(scanned.sha256);
    const report = pinned ?? scanned;
    const content = report.sha256 === '' ? `${message.byteLength} bytes` : report.sha256;
    const key = deferralKey(user, request.context.identity, content);
    const deferrals = this.#parts.deferrals.count(key);
    const decided = decide(report.verdict, this.#policyFor(user), { deferrals });
    const decision = this.#unlessReleased(pinned === undefined ? decided : STAYS, request, report);
    const carriedOut = await this.#carryOut(decision.action, request, report);
    const judgement = { ...carriedOut, isAnswered: scanned.verdict.kind !== 'unscannable' };
    this.#record(named(decision, exclusion), judgement.action, request, report);
    this.#mark(decision, judgement.action, request, report);
    if (judgement.action === 'neutralise') this.#pinned.pin(report);
    this.#countDeferral(key, judgement.action, report);
    return judgement;
  }

  /** What an administrator released or a client uploads is not marked. */
  #mark(decision: RecordedDecision, action: Action, request: JudgeRequest, report: ScanReport): void {
    if (request.isUpload || decision.ledgerCause === 'released') return;
    this.#for.words?.mark({ user: request.scan.user, context: request.context, report, action });
  }

  /** Overload says nothing of the message: however often, it does not make it one that cannot be judged. */
  #countDeferral(key: string, action: Action, { verdict }: ScanReport): void {
    const { deferrals } = this.#parts;
    if (action !== 'defer') deferrals.forget(key);
    else if (verdict.kind !== 'unscannable' || verdict.cause !== 'overloaded') deferrals.add(key);
  }

  /** An administrator answers for this content; it is in the ledger like everything that goes out unjudged. */
  #unlessReleased(
    decision: RecordedDecision,
    request: JudgeRequest,
    { sha256 }: ScanReport,
  ): RecordedDecision {
    if (decision.action === 'deliver' || request.isUpload || sha256 === '') return decision;
    const { releases = NO_RELEASES } = this.#parts;
    const release = releases.find(sha256, request.scan.user);
    if (release === undefined) return decision;
    this.#pinned.forget(sha256);
    this.#for.log.warn({ scanId: request.scan.id, release: release.id, sha256 }, 'released content');
    return { ...decision, action: 'deliver', ledgerCause: 'released' };
  }

  #policyFor(user: string): PolicySettings {
    return this.#for.policy?.of(user) ?? this.#parts.policy;
  }

  /** What is excluded by who asks is not scanned; what is excluded by what was found does not count. */
  async #report(request: JudgeRequest, signals: JudgeSignals): Promise<Judged> {
    const { exclusions = NO_EXCLUSIONS, scanner } = this.#parts;
    const { user, message, id } = request.scan;
    const { mailbox } = request.context;
    const { application } = request;
    const exclusion = excludedBeforeScan(exclusions, { user, mailbox, application });
    if (exclusion !== undefined) {
      return { report: excludedReport(message.byteLength, scanner.generation), exclusion };
    }
    const scanned = withoutExcluded(exclusions, await this.#scan(request.scan, signals));
    if (scanned.ignored.length > 0) {
      this.#for.log.warn({ scanId: id, findings: scanned.ignored }, 'excluded findings');
    }
    return scanned;
  }

  /** The scanner promises to answer always; if it breaks that, the message is as unscannable as after a crash. */
  async #scan(scan: ScanRequest, signals: JudgeSignals): Promise<ScanReport> {
    try {
      return await this.#parts.scanner.scan(scan, signals.scan);
    } catch (error) {
      signals.scan.throwIfAborted();
      this.#for.log.error({ err: error, scanId: scan.id }, 'the scanner failed');
      return failedReport(scan.message, this.#parts.scanner.generation);
    }
  }

  async #carryOut(action: Action, request: JudgeRequest, report: ScanReport): Promise<CarriedOut> {
    if (action !== 'neutralise' || request.isUpload) return { action };
    try {
      await this.#quarantine(request, report);
      return { action, overlay: await this.#substitute(request.scan, report) };
    } catch (error) {
      // Without a committed original and a complete substitute nothing may leave: the client comes back.
      this.#for.log.error({ err: error, scanId: request.scan.id }, 'cannot neutralise, deferred');
      return { action: 'defer' };
    }
  }

  async #quarantine({ scan, context }: JudgeRequest, report: ScanReport): Promise<void> {
    const { metrics, quarantine } = this.#parts;
    const entry = {
      sha256: report.sha256,
      scanId: scan.id,
      verdict: report.verdict,
      protocol: this.#for.family,
      user: scan.user,
      client: this.#for.client,
      mailbox: context.mailbox,
      uid: context.uid,
      generation: report.generation,
    };
    try {
      await quarantine.commit(entry, scan.message);
      metrics.quarantined.inc({ outcome: 'committed' });
    } catch (cause) {
      metrics.quarantined.inc({ outcome: 'failed' });
      throw cause instanceof GatewayError
        ? cause
        : new GatewayError('QUARANTINE_FAILED', 'the original could not be stored', {
            cause,
            retryable: true,
          });
    }
  }

  async #substitute(scan: ScanRequest, report: ScanReport): Promise<Overlay> {
    // The same content always gets the same bytes: a message is immutable for its clients (RFC 9051 section
    // 2.3.1.1), and ranges of it are put together across commands and connections.
    const reference = report.sha256 === '' ? scan.id : report.sha256.slice(0, REFERENCE_CHARACTERS);
    const notice = replacementNotice(report, reference, this.#for.wording?.(scan.user));
    const patches = await this.#parts.scanner.neutralise(scan.message, report.guilt, notice);
    const about = { user: scan.user, report, reference };
    const edits = await this.#for.words?.edits(scan.message, patches, about);
    return new Overlay(patches, scan.message.byteLength, edits);
  }

  #record(decision: RecordedDecision, action: Action, request: JudgeRequest, report: ScanReport): void {
    const { scan, context } = request;
    const { metrics } = this.#parts;
    const { verdict } = report;
    const protocol = this.#for.listener;
    const cause = causeOf(report);
    metrics.messages.inc({ protocol, verdict: verdict.kind, cause, action });
    if (decision.ledgerCause !== undefined && action === 'deliver') {
      metrics.unscanned.inc({ protocol, cause: decision.ledgerCause });
      metrics.unscannedBytes.inc({ protocol, cause: decision.ledgerCause }, report.bytes);
    }
    this.#tell(decision, action, request, report);
    if (verdict.kind === 'clean') return;
    const detection = {
      scanId: scan.id,
      subject: scan.subject,
      verdict: verdict.kind,
      cause,
      detail: verdict.kind === 'unscannable' ? verdict.detail : undefined,
      action,
      configured: decision.configured,
      findings: 'findings' in verdict ? verdict.findings : [],
      sha256: report.sha256,
      bytes: report.bytes,
      user: scan.user,
      mailbox: context.mailbox,
      uid: context.uid,
      generation: report.generation,
    };
    this.#for.log.warn(detection, `message ${verdict.kind}`);
  }

  #tell(decision: RecordedDecision, action: Action, request: JudgeRequest, report: ScanReport): void {
    const { journal = NO_JUDGEMENT_LOG } = this.#parts;
    const { scan, context, isUpload, application: program } = request;
    const { verdict, sha256, bytes, generation } = report;
    journal.record({
      scanId: scan.id,
      subject: scan.subject,
      protocol: this.#for.listener,
      user: scan.user,
      client: this.#for.client,
      application: program === undefined ? '' : `${program.name} ${program.version}`.trim(),
      mailbox: context.mailbox,
      uid: context.uid,
      identity: context.identity,
      isUpload,
      verdict,
      observed: report.observed?.shadow,
      action,
      ledgerCause: action === 'deliver' ? decision.ledgerCause : undefined,
      sha256,
      bytes,
      generation,
    });
  }
}

type CarriedOut = Omit<Judgement, 'isAnswered'>;

interface Judged {
  readonly report: ScanReport;
  readonly exclusion: Exclusion | undefined;
}

/** The ledger says which kind of exclusion it was. */
function named(decision: RecordedDecision, exclusion: Exclusion | undefined): RecordedDecision {
  if (exclusion === undefined || decision.ledgerCause === undefined) return decision;
  return { ...decision, ledgerCause: `excluded-${exclusion.kind}` };
}

/** Neutralised before in this session. */
const STAYS: RecordedDecision = { action: 'neutralise', configured: 'neutralise' };

type RecordedDecision = Omit<Decision, 'ledgerCause'> & { readonly ledgerCause?: string };

function causeOf({ verdict }: ScanReport): string {
  if (verdict.kind === 'unscannable') return verdict.cause;
  return verdict.kind === 'skipped' ? verdict.reason : '';
}

function failedReport(message: MessageBytes, generation: string): ScanReport {
  return {
    verdict: { kind: 'unscannable', cause: 'engine-failed', findings: [] },
    guilt: { kind: 'body' },
    sha256: '',
    bytes: message.byteLength,
    pieces: 0,
    generation,
    timings: { queueMs: 0, decodeMs: 0, matchMs: 0, totalMs: 0 },
  };
}
