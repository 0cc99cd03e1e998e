import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { DetectionHistory } from '../../history/detection-history.ts';
import type { RetroHunt, RetroHuntReport } from '../../history/retro-hunt-report.ts';
import type { AuditTrail } from '../../quarantine/audit-trail.ts';
import type { MessagePreviewer } from '../../quarantine/message-preview.ts';
import type { QuarantineArchive } from '../../quarantine/quarantine-archive.ts';
import type { ReleaseBook } from '../../quarantine/release-book.ts';
import type { Scanner } from '../../scan/scanner.ts';
import type { AccountStore } from '../accounts/account-store.ts';
import type { Authenticator } from '../accounts/authenticator.ts';
import type { EventHub } from '../event-hub.ts';
import type {
  ConfigurationProvider,
  DeadAlertsProvider,
  DrainSwitch,
  ExclusionsProvider,
  ProtectionProvider,
  ReloadProvider,
  RulesProvider,
  SessionsProvider,
  StatusProvider,
} from '../providers.ts';

/** Writes an original as a zip that programs do not open by themselves. */
export type ZipExport = (name: string, content: Uint8Array, password: string) => Promise<Uint8Array>;

/** Everything the API speaks of. */
export interface ApiParts {
  readonly authenticator: Authenticator;
  readonly accounts: AccountStore;
  readonly audit: AuditTrail;
  readonly quarantine: QuarantineArchive;
  readonly previewer: MessagePreviewer;
  readonly zip: ZipExport;
  readonly releases: ReleaseBook;
  readonly history: DetectionHistory;
  readonly retroHunt: RetroHunt;
  /** Reports of the hunts that followed a change of the rules, newest first. */
  readonly hunts: (limit: number) => readonly RetroHuntReport[];
  readonly scanner: Scanner;
  /** Bytes of a message that may be uploaded for a scan. */
  readonly maxScanBytes: number;
  readonly status: StatusProvider;
  readonly rules: RulesProvider;
  readonly exclusions: ExclusionsProvider;
  readonly sessions: SessionsProvider;
  readonly drain: DrainSwitch;
  readonly reload: ReloadProvider;
  readonly protection: ProtectionProvider;
  readonly configuration: ConfigurationProvider;
  readonly alerts: DeadAlertsProvider;
  readonly events: EventHub;
  readonly clock: Clock;
  readonly log: Logger;
}
