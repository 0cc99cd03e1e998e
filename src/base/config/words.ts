/** Floor 0 may not import the floors above, so the words are repeated here; `gateway/policy` does not compile when they disagree. */
export const ACTION_NAMES = ['deliver', 'neutralise', 'block', 'defer'] as const;
export const UNSCANNABLE_NAMES = [
  'timeout',
  'engine-failed',
  'overloaded',
  'too-deep',
  'too-large',
  'bomb',
  'malformed',
  'encrypted',
] as const;
