import type { ConfigIssue } from './issue.ts';
import type { PlannedListener } from './listeners.ts';
import type { KeyPath } from './problem.ts';
import type { Config } from './schema.ts';

function issue(path: KeyPath, what: string): ConfigIssue {
  return { path, what, atKey: false };
}

function isRouted({ route }: PlannedListener): boolean {
  return route === 'login-domain';
}

/** What `route: login-domain` does not go together with, and why. */
export function routeChecks({ upstreams }: Config, listeners: readonly PlannedListener[]): ConfigIssue[] {
  const hasDomains = upstreams.some(({ domains }) => domains.length > 0);
  return listeners.filter(isRouted).flatMap(({ path, transparent, protocol }) => {
    const problems: (readonly [boolean, string])[] = [
      [
        transparent === true,
        'does not fit transparent: the client itself says where it wants to go. Remove one of them',
      ],
      [
        protocol === 'auto',
        'does not fit protocol auto: what is spoken is known from the greeting of the server, which is not chosen yet. Use imap, imaps, pop3 or pop3s',
      ],
      [!hasDomains, 'needs a server to choose. Give upstreams[].domains'],
    ];
    return problems.filter(([applies]) => applies).map(([, what]) => issue([...path, 'route'], what));
  });
}

/** Each domain leads to one server, and somebody asks for it. */
export function domainChecks({ upstreams }: Config, listeners: readonly PlannedListener[]): ConfigIssue[] {
  const taken = new Map<string, string>();
  return upstreams.flatMap(({ name, domains, allowPreauth }, index) => {
    const at: KeyPath = ['upstreams', index, 'domains'];
    const found: ConfigIssue[] = [];
    if (domains.length > 0 && !listeners.some(isRouted)) {
      found.push(
        issue(at, 'has no effect: no listener has route: login-domain. Set it, or remove the domains'),
      );
    }
    if (domains.length > 0 && allowPreauth) {
      const what =
        'does not fit domains: whoever connects would be logged in, whatever the name. Remove one of them';
      found.push(issue(['upstreams', index, 'allowPreauth'], what));
    }
    return [...found, ...domains.flatMap((domain, entry) => repeated(taken, domain, name, [...at, entry]))];
  });
}

function repeated(taken: Map<string, string>, domain: string, name: string, path: KeyPath): ConfigIssue[] {
  const key = domain.toLowerCase();
  const other = taken.get(key);
  taken.set(key, other ?? name);
  return other === undefined ? [] : [issue(path, `${domain} leads to ${other} already. Remove one of them`)];
}

/** The server that has no name is needed as soon as one listener can lead to no other one. */
export function defaultUpstreamCheck(
  { upstream }: Config,
  listeners: readonly PlannedListener[],
): ConfigIssue[] {
  if (upstream.host !== undefined) return [];
  const needing = listeners.find(
    (one) => one.transparent !== true && one.upstream === undefined && !isRouted(one),
  );
  if (needing === undefined) return [];
  const { protocol, address, port } = needing;
  const where = `the ${protocol} listener on ${address} port ${port} leads there`;
  return [issue(['upstream', 'host'], `is missing. Write it, or set POSTERN_UPSTREAM_HOST: ${where}`)];
}
