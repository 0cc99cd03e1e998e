import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFingerprintList } from './fingerprint-list.ts';
import type { ConfigIssue } from './issue.ts';
import type { KeyPath } from './problem.ts';
import type { Config } from './schema.ts';

/** As `gateway/tls/authority-file.ts` writes it. */
const AUTHORITY_FILE = 'authority.json';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder, not a file',
  ENOTDIR: 'lies below something that is not a folder',
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? 'cannot be read';
}

function issue(path: KeyPath, file: string, problem: string): ConfigIssue {
  return { path, what: `${JSON.stringify(file)} ${problem}`, atKey: false };
}

type Loaded<T> = { readonly value: T } | { readonly issue: ConfigIssue };

function load<T>(path: KeyPath, file: string, kind: string, parse: (pem: Buffer) => T): Loaded<T> {
  let pem: Buffer;
  try {
    pem = readFileSync(file);
  } catch (error) {
    return { issue: issue(path, file, `${reasonOf(error)}. Correct the path or the permissions`) };
  }
  try {
    return { value: parse(pem) };
  } catch {
    return { issue: issue(path, file, `holds no ${kind} in PEM form`) };
  }
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** `names`: how the two keys of the configuration are called there. */
function checkPair(pair: Pair, section: KeyPath, names: Pair = { cert: 'cert', key: 'key' }): ConfigIssue[] {
  const [certAt, keyAt] = [
    [...section, names.cert],
    [...section, names.key],
  ];
  const cert = load(certAt, pair.cert, 'certificate', (pem) => new X509Certificate(pem));
  const key = load(keyAt, pair.key, 'private key without a passphrase', (pem) => createPrivateKey(pem));
  const found = [cert, key].flatMap((one) => ('issue' in one ? [one.issue] : []));
  if ('value' in cert && 'value' in key && !cert.value.checkPrivateKey(key.value)) {
    found.push(issue(keyAt, pair.key, `does not belong to the certificate ${JSON.stringify(pair.cert)}`));
  }
  return found;
}

function adminPair({ admin: { tlsCert, tlsKey } }: Config): ConfigIssue[] {
  return tlsCert === undefined || tlsKey === undefined
    ? []
    : checkPair({ cert: tlsCert, key: tlsKey }, ['admin'], { cert: 'tlsCert', key: 'tlsKey' });
}

function checkReadable(path: KeyPath, file: string): ConfigIssue[] {
  try {
    accessSync(file, constants.R_OK);
    return [];
  } catch (error) {
    return [issue(path, file, `${reasonOf(error)}. Correct the path or the permissions`)];
  }
}

function sharedVerdictsCa({ scan: { sharedVerdicts } }: Config): ConfigIssue[] {
  const { ca } = sharedVerdicts;
  const at = ['scan', 'sharedVerdicts', 'ca'];
  const loaded =
    ca === undefined ? undefined : load(at, ca, 'certificate', (pem) => new X509Certificate(pem));
  return loaded !== undefined && 'issue' in loaded ? [loaded.issue] : [];
}

function revokedList({ tlsFilter: { revoked } }: Config): ConfigIssue[] {
  if (revoked === undefined) return [];
  const at = ['tlsFilter', 'revoked'];
  const loaded = load(at, revoked, 'list', (text) => parseFingerprintList(text.toString('utf8')));
  if ('issue' in loaded) return [loaded.issue];
  const { value } = loaded;
  return 'prints' in value
    ? []
    : [
        issue(
          at,
          revoked,
          `line ${value.badLine} is no SHA-256 fingerprint: ${JSON.stringify(value.text)}. Write 64 characters 0-9 and a-f`,
        ),
      ];
}

/** The authority of our own: the folder that `postern ca init` makes, and what opens it. */
function ownAuthority({ tlsFilter: { ca, caKeyFile } }: Config): ConfigIssue[] {
  if (ca === undefined) return [];
  const isThere = existsSync(join(ca, AUTHORITY_FILE));
  const missing = issue(['tlsFilter', 'ca'], ca, 'holds no authority. Make one with "postern ca init"');
  return [...(isThere ? [] : [missing]), ...secretIn(['tlsFilter', 'caKeyFile'], caKeyFile)];
}

function secretIn(path: KeyPath, file: string | undefined): ConfigIssue[] {
  return file === undefined ? [] : checkReadable(path, file);
}

function notificationSecrets({ notifications: { webhooks, smtp } }: Config): ConfigIssue[] {
  return [
    ...webhooks.flatMap(({ secretFile }, index) =>
      secretIn(['notifications', 'webhooks', index, 'secretFile'], secretFile),
    ),
    ...secretIn(['notifications', 'smtp', 'passwordFile'], smtp.passwordFile),
  ];
}

/** Certificates, keys, secrets, authorities and rules that the configuration names and that cannot be used. */
export function fileChecks(config: Config): readonly ConfigIssue[] {
  const { ca } = config.upstream.tls;
  const authorities =
    ca === undefined
      ? undefined
      : load(['upstream', 'tls', 'ca'], ca, 'certificate', (pem) => new X509Certificate(pem));
  return [
    ...config.tls.certificates.flatMap((pair, index) => checkPair(pair, ['tls', 'certificates', index])),
    ...adminPair(config),
    ...(authorities !== undefined && 'issue' in authorities ? [authorities.issue] : []),
    ...sharedVerdictsCa(config),
    ...revokedList(config),
    ...ownAuthority(config),
    ...notificationSecrets(config),
    ...config.rules.flatMap((file, index) => checkReadable(['rules', index], file)),
    ...config.shadowRules.flatMap((file, index) => checkReadable(['shadowRules', index], file)),
    ...config.scan.digests.deny.flatMap((file, i) => checkReadable(['scan', 'digests', 'deny', i], file)),
    ...config.scan.digests.allow.flatMap((file, i) => checkReadable(['scan', 'digests', 'allow', i], file)),
    ...config.ruleSources.flatMap(({ ca: file }, index) =>
      file === undefined ? [] : checkReadable(['ruleSources', index, 'ca'], file),
    ),
  ];
}
