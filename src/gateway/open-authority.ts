import { readFileSync } from 'node:fs';
import type { TlsFilterConfig } from '../base/config/tls-filter-schema.ts';
import { GatewayError } from '../base/errors.ts';
import { Secret } from '../base/secret.ts';
import type { Authority } from './tls/authority.ts';
import { activeRoot, openAuthority } from './tls/authority-file.ts';

/** The passphrase, when no file holds it. */
export const PASSPHRASE_VARIABLE = 'POSTERN_CA_PASSPHRASE';

type Environment = Readonly<Record<string, string | undefined>>;

/** The passphrase of the authority, from the file or the environment. Throws `CERTIFICATE_INVALID`. */
export function authorityPassphrase(keyFile: string | undefined, env: Environment): Secret<string> {
  const fromEnvironment = env[PASSPHRASE_VARIABLE] ?? '';
  if (keyFile === undefined) {
    if (fromEnvironment !== '') return new Secret(fromEnvironment);
    const remedy = `Set tlsFilter.caKeyFile or ${PASSPHRASE_VARIABLE}`;
    throw new GatewayError('CERTIFICATE_INVALID', `the passphrase of the authority is missing. ${remedy}`);
  }
  try {
    return new Secret(readFileSync(keyFile, 'utf8').replace(/\r?\n$/, ''));
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_INVALID', `cannot read the passphrase in ${keyFile}`, { cause });
  }
}

/** Looks for another active root, whose key is opened only then: that takes a tenth of a second. */
export class AuthorityReload {
  readonly #tlsFilter: TlsFilterConfig;
  readonly #env: Environment;
  #pem: string;

  constructor(tlsFilter: TlsFilterConfig, env: Environment, authority: Authority | undefined) {
    this.#tlsFilter = tlsFilter;
    this.#env = env;
    this.#pem = authority?.pem ?? '';
  }

  /** The authority when another root is active than the last time. Throws `CERTIFICATE_INVALID`. */
  changed(): Authority | undefined {
    const { ca } = this.#tlsFilter;
    if (ca === undefined || activeRoot(ca) === this.#pem) return undefined;
    const authority = configuredAuthority(this.#tlsFilter, this.#env);
    this.#pem = authority?.pem ?? '';
    return authority;
  }
}

/** The authority of the configuration; undefined when there is none. Throws `CERTIFICATE_INVALID`. */
export function configuredAuthority(
  { ca, caKeyFile }: TlsFilterConfig,
  env: Environment,
): Authority | undefined {
  return ca === undefined ? undefined : openAuthority(ca, authorityPassphrase(caKeyFile, env));
}
