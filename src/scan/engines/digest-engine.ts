import type { Engine } from './engine.ts';

/** A name from a list goes into logs and notices. */
const MAX_RULE_LENGTH = 100;

/** Reports pieces whose SHA-256 (lower-case hex) is a key of `denied`; the value, if any, is the name of the rule. */
export function createDigestEngine(denied: Pick<ReadonlyMap<string, string>, 'get'>): Engine {
  return {
    name: 'digest',
    inspect: (piece, sha256) => {
      const name = denied.get(sha256);
      if (name === undefined) {
        return [];
      }
      const rule = name.replace(/[^\w.-]+/g, '_').slice(0, MAX_RULE_LENGTH) || 'denied-digest';
      return [
        {
          engine: 'digest',
          rule,
          namespace: 'deny',
          class: 'malicious',
          severity: 'high',
          part: piece.path,
          sha256,
        },
      ];
    },
  };
}
