import type { z } from 'zod';
import type * as controlSchemas from '../../api/control-schemas.ts';
import type * as schemas from '../../api/schemas.ts';
import type * as statusSchemas from '../../api/status-schemas.ts';

/** What the API answers, by the schemas that the server checks its own answers against. */
export type Who = z.output<typeof schemas.whoSchema>;
export type Role = Who['role'];
export type Detection = z.output<typeof schemas.detectionSchema>;
export type Finding = z.output<typeof schemas.findingSchema>;
export type Fetch = z.output<typeof schemas.fetchSchema>;
export type Statistics = z.output<typeof schemas.statisticsSchema>;
export type QuarantineItem = z.output<typeof schemas.quarantineItemSchema>;
export type Preview = z.output<typeof schemas.previewSchema>;
export type Release = z.output<typeof schemas.releaseSchema>;
export type AuditEntry = z.output<typeof schemas.auditSchema>;
export type User = z.output<typeof schemas.userSchema>;
export type Token = z.output<typeof schemas.tokenSchema>;
export type NewToken = z.output<typeof schemas.newTokenSchema>;
export type Status = z.output<typeof statusSchemas.statusSchema>;
export type RuleSet = z.output<typeof statusSchemas.rulesSchema>;
export type Exclusion = z.output<typeof statusSchemas.exclusionSchema>;
export type Session = z.output<typeof statusSchemas.sessionSchema>;

export type RetroHuntReport = z.output<typeof schemas.retroHuntSchema>;
export type NowBad = RetroHuntReport['nowBad'][number];
export type RetroHunt = z.output<typeof schemas.retroHuntStateSchema>;
export type Protection = z.output<typeof controlSchemas.protectionSchema>;
export type ProtectionSwitch = Protection['switches'][number];
export type Configuration = z.output<typeof controlSchemas.configurationSchema>;
export type Setting = Configuration['settings'][number];
export type DeadAlerts = z.output<typeof controlSchemas.deadAlertsSchema>;
export type DeadAlert = DeadAlerts['items'][number];
export type Drain = z.output<typeof controlSchemas.drainSchema>;
export type Setup = z.output<typeof controlSchemas.setupSchema>;

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
export interface Items<T> {
  readonly items: readonly T[];
}
