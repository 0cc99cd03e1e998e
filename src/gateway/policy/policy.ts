import type { Config } from '../../base/config/schema.ts';
import type { FindingClass, SkipReason, UnscannableCause, Verdict } from '../../scan/verdict.ts';
import type { Action } from './action.ts';

/** The operator's table and mode. */
export interface PolicySettings {
  readonly mode: Config['mode'];
  readonly policy: Config['policy'];
}

export interface PolicyContext {
  /** How often this message was deferred before. */
  readonly deferrals: number;
}

/** Why something goes out without a complete scan: a row of the unscanned ledger. */
export type LedgerCause = UnscannableCause | SkipReason;

export interface Decision {
  readonly action: Action;
  /** What the table says; differs from `action` in monitor mode and after too many deferrals. */
  readonly configured: Action;
  /** Set when the message is delivered although nobody read all of it. */
  readonly ledgerCause?: LedgerCause;
}

/** Verdict in, action out. Pure and total: a verdict kind without a row does not compile. */
export function decide(verdict: Verdict, settings: PolicySettings, context: PolicyContext): Decision {
  const configured = configuredAction(verdict, settings.policy);
  const action = effectiveAction(configured, settings, context);
  const cause = incompleteBecause(verdict);
  return cause !== undefined && action === 'deliver'
    ? { action, configured, ledgerCause: cause }
    : { action, configured };
}

// oxlint-disable-next-line typescript/consistent-return -- the switch is exhaustive, which tsc checks
function configuredAction(verdict: Verdict, policy: Config['policy']): Action {
  switch (verdict.kind) {
    case 'clean':
    case 'skipped':
      return 'deliver';
    case 'malicious':
    case 'suspicious':
      return policy[verdict.kind];
    case 'unscannable':
      return unscannableAction(verdict, policy);
  }
}

/** What was found before the scan ended counts: a lenient row for the cause must not wave a match through. */
function unscannableAction(
  verdict: Extract<Verdict, { kind: 'unscannable' }>,
  policy: Config['policy'],
): Action {
  const found = (['malicious', 'suspicious'] satisfies FindingClass[])
    .filter((name) => verdict.findings.some((finding) => finding.class === name))
    .map((name) => policy[name])
    .find((action) => action !== 'deliver');
  return found ?? policy.unscannable[verdict.cause];
}

function effectiveAction(configured: Action, settings: PolicySettings, context: PolicyContext): Action {
  if (settings.mode === 'monitor') return 'deliver';
  // A message that never becomes scannable must not block its mailbox for ever.
  if (configured === 'defer' && context.deferrals >= settings.policy.maxDeferrals) return 'neutralise';
  return configured;
}

function incompleteBecause(verdict: Verdict): LedgerCause | undefined {
  if (verdict.kind === 'unscannable') return verdict.cause;
  return verdict.kind === 'skipped' ? verdict.reason : undefined;
}
