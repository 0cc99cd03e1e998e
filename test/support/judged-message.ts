import type { JudgedMessage } from '../../src/history/judgement-log.ts';
import type { Finding } from '../../src/scan/verdict.ts';

export function findingOf(replace: Partial<Finding> = {}): Finding {
  return {
    engine: 'yara',
    rule: 'Eicar',
    namespace: 'starter',
    class: 'malicious',
    severity: 'high',
    part: '2/a.js',
    sha256: '0'.repeat(64),
    ...replace,
  };
}

/** A malicious message that ann fetched. */
export function judgedMessage(replace: Partial<JudgedMessage> = {}): JudgedMessage {
  return {
    scanId: 'ab12-1-1',
    subject: 'message',
    protocol: 'imap',
    user: 'ann',
    client: '192.0.2.7',
    application: '',
    mailbox: 'INBOX',
    uid: '7',
    identity: '1/7',
    isUpload: false,
    verdict: { kind: 'malicious', findings: [findingOf()] },
    action: 'neutralise',
    ledgerCause: undefined,
    sha256: 'a'.repeat(64),
    bytes: 1_000,
    generation: 'g1',
    ...replace,
  };
}
