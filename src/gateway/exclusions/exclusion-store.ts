import type { Clock } from '../../base/clock.ts';
import { type ExclusionsConfig, expiryOf } from '../../base/config/exclusions-schema.ts';
import { globMatches } from '../../base/config/glob.ts';
import { AddressSet } from './address-set.ts';
import type {
  CountedExclusion,
  Exclusion,
  ExclusionKind,
  Exclusions,
  ExclusionSubject,
} from './exclusions.ts';

interface Line {
  readonly exclusion: Exclusion;
  readonly names: (subject: ExclusionSubject) => boolean;
  hits: number;
}

interface Account {
  readonly owner: string;
  readonly reason: string;
  readonly expires?: string | undefined;
}

/** The exclusions of the configuration; may be replaced while sessions run, and then keeps the counters. */
export class ExclusionStore implements Exclusions {
  readonly #clock: Clock;
  readonly #onHit: (kind: ExclusionKind) => void;
  #lines: ReadonlyMap<ExclusionKind, readonly Line[]> = new Map();

  constructor(
    config: ExclusionsConfig,
    clock: Clock,
    onHit: (kind: ExclusionKind) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#onHit = onHit;
    this.replace(config);
  }

  /** Takes effect with the next question. Lines that say the same as before go on counting. */
  replace(config: ExclusionsConfig): void {
    const hits = new Map(this.#all().map(({ exclusion, hits: count }) => [exclusion.id, count]));
    const lines = linesOf(config);
    for (const line of lines) line.hits = hits.get(line.exclusion.id) ?? 0;
    this.#lines = Map.groupBy(lines, ({ exclusion }) => exclusion.kind);
  }

  find(subject: ExclusionSubject): Exclusion | undefined {
    const lines = this.#lines.get(subject.kind);
    const line = lines?.find((one) => !this.#isExpired(one.exclusion) && one.names(subject));
    if (line === undefined) return undefined;
    line.hits += 1;
    this.#onHit(subject.kind);
    return line.exclusion;
  }

  has(kind: ExclusionKind): boolean {
    return this.#lines.get(kind)?.some(({ exclusion }) => !this.#isExpired(exclusion)) ?? false;
  }

  list(): readonly CountedExclusion[] {
    return this.#all().map(({ exclusion, hits }) => ({
      ...exclusion,
      hits,
      isExpired: this.#isExpired(exclusion),
    }));
  }

  #all(): readonly Line[] {
    return [...this.#lines.values()].flat();
  }

  #isExpired({ expiresAt }: Exclusion): boolean {
    return expiresAt !== undefined && this.#clock.now() > expiresAt;
  }
}

function line(kind: ExclusionKind, what: string, account: Account, names: Line['names']): Line {
  const { owner, reason, expires } = account;
  const expiresAt = expires === undefined ? undefined : expiryOf(expires);
  return { exclusion: { id: `${kind} ${what}`, kind, what, owner, reason, expiresAt }, names, hits: 0 };
}

function addressLine(kind: 'client' | 'server', entry: Account & { readonly addresses: string }): Line {
  const addresses = new AddressSet(entry.addresses);
  return line(
    kind,
    entry.addresses,
    entry,
    (subject) => 'address' in subject && addresses.has(subject.address),
  );
}

function linesOf(config: ExclusionsConfig): Line[] {
  return [
    ...config.clients.map((entry) => addressLine('client', entry)),
    ...config.servers.map((entry) => addressLine('server', entry)),
    ...programLines(config),
    ...personLines(config),
    ...contentLines(config),
  ];
}

function programLines({ applications, fingerprints, executables, serverNames }: ExclusionsConfig): Line[] {
  return [
    ...applications.map((entry) => {
      const { name, version = '*' } = entry;
      return line(
        'application',
        `${name} ${version}`,
        entry,
        (subject) =>
          subject.kind === 'application' &&
          globMatches(name, subject.name) &&
          globMatches(version, subject.version),
      );
    }),
    ...fingerprints.map((entry) =>
      line(
        'fingerprint',
        entry.ja4,
        entry,
        (subject) => 'ja4' in subject && globMatches(entry.ja4, subject.ja4),
      ),
    ),
    ...executables.map((entry) =>
      line(
        'executable',
        entry.path,
        entry,
        (subject) => 'path' in subject && pathMatches(entry.path, subject.path),
      ),
    ),
    ...serverNames.map((entry) =>
      line(
        'server-name',
        entry.name,
        entry,
        (subject) => subject.kind === 'server-name' && globMatches(entry.name, subject.name),
      ),
    ),
  ];
}

/** Files are told apart by case. */
function pathMatches(pattern: string, path: string): boolean {
  return pattern.includes('*') ? globMatches(pattern, path) : pattern === path;
}

function personLines({ users, mailboxes }: ExclusionsConfig): Line[] {
  return [
    ...users.map((entry) =>
      line(
        'user',
        entry.user,
        entry,
        (subject) => subject.kind === 'user' && isNamed(entry.user, subject.user),
      ),
    ),
    ...mailboxes.map((entry) => {
      const { mailbox, user = '*' } = entry;
      return line(
        'mailbox',
        `${mailbox} of ${user}`,
        entry,
        (subject) =>
          subject.kind === 'mailbox' &&
          mailboxMatches(mailbox, subject.mailbox) &&
          globMatches(user, subject.user),
      );
    }),
  ];
}

/** Before login nobody is excluded by name, whatever the pattern. */
function isNamed(pattern: string, user: string): boolean {
  return user !== '' && globMatches(pattern, user);
}

/** Only INBOX is the same in any case (RFC 9051 section 5.1). */
function mailboxMatches(pattern: string, mailbox: string): boolean {
  if (mailbox === '') return false;
  if (pattern.includes('*') || pattern.toUpperCase() === 'INBOX') return globMatches(pattern, mailbox);
  return pattern === mailbox;
}

function contentLines({ detections, digests }: ExclusionsConfig): Line[] {
  return [
    ...detections.map((entry) =>
      line(
        'detection',
        entry.detection,
        entry,
        (subject) =>
          subject.kind === 'detection' &&
          globMatches(entry.detection, `${subject.namespace}/${subject.rule}`),
      ),
    ),
    ...digests.map((entry) =>
      line(
        'digest',
        entry.sha256.toLowerCase(),
        entry,
        (subject) => 'sha256' in subject && subject.sha256 === entry.sha256.toLowerCase(),
      ),
    ),
  ];
}
