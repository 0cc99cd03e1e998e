/** Stands before compiled rules that may be matched on many contents at once (`joinable-rules.ts`). */
const JOINABLE = Buffer.from('joinable\n');

export interface RulePackage {
  readonly rules: Uint8Array;
  readonly isJoinable: boolean;
}

/** What compiled rules are handed over as. */
export function packRules({ rules, isJoinable }: RulePackage): Uint8Array {
  return isJoinable ? Buffer.concat([JOINABLE, rules]) : rules;
}

export function unpackRules(bytes: Uint8Array): RulePackage {
  const isJoinable = JOINABLE.equals(bytes.subarray(0, JOINABLE.length));
  return { rules: isJoinable ? bytes.subarray(JOINABLE.length) : bytes, isJoinable };
}
