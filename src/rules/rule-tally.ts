/** Rules that are counted by name; beyond it the ones that were hit longest ago are forgotten. */
export const MAX_TALLIED = 5_000;

/** One hit of one rule, whoever reports it. */
export interface RuleHit {
  readonly engine: string;
  readonly namespace: string;
  readonly rule: string;
}

export interface RuleHits extends RuleHit {
  /** Messages in which it matched, each scan once. */
  readonly messages: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/**
 * How often each rule matched since the start. In memory and bounded: names of rules are no closed set, so they
 * cannot be labels of metrics.
 */
export class RuleTally {
  readonly #hits = new Map<string, RuleHits>();

  /** The hits of one message; a rule counts once however many pieces it matched in. */
  add(hits: readonly RuleHit[], now: number): void {
    const distinct = new Map(hits.map((hit) => [`${hit.engine} ${hit.namespace}/${hit.rule}`, hit]));
    for (const [key, { engine, namespace, rule }] of distinct) {
      const messages = (this.#hits.get(key)?.messages ?? 0) + 1;
      this.#hits.delete(key); // the order of the map is the order of use
      this.#hits.set(key, { engine, namespace, rule, messages, lastAt: now });
    }
    for (const key of this.#hits.keys()) {
      if (this.#hits.size <= MAX_TALLIED) {
        return;
      }
      this.#hits.delete(key);
    }
  }

  /** Most hits first. */
  list(): readonly RuleHits[] {
    return [...this.#hits.values()].toSorted((a, b) => b.messages - a.messages);
  }
}
