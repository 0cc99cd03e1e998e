/** Which server takes which login names, by what stands behind the last `@`. */
export class LoginDomains<T> {
  readonly #exact = new Map<string, T>();
  /** Of `*.example.net` the part behind the first dot. */
  readonly #below = new Map<string, T>();

  constructor(entries: readonly (readonly [domains: readonly string[], target: T])[]) {
    for (const [domains, target] of entries) {
      for (const domain of domains) this.#add(domain.toLowerCase(), target);
    }
  }

  /** The longest match; undefined for a name without a domain, or one that nobody has. */
  find(user: string): T | undefined {
    let domain = domainOf(user);
    const exact = this.#exact.get(domain);
    if (exact !== undefined) return exact;
    for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.')) {
      domain = domain.slice(dot + 1);
      const found = this.#below.get(domain);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #add(domain: string, target: T): void {
    if (domain.startsWith('*.')) this.#below.set(domain.slice(2), target);
    else this.#exact.set(domain, target);
  }
}

/** Lower case, a final dot left out; empty without `@`. */
export function domainOf(user: string): string {
  const at = user.lastIndexOf('@');
  return at < 0
    ? ''
    : user
        .slice(at + 1)
        .toLowerCase()
        .replace(/\.$/, '');
}
