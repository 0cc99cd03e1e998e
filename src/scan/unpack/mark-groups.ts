import { SPREAD } from '../place-sieve.ts';
import type { Mark } from './mark.ts';

/** The bytes of marks by which a search knows them where one of their pairs stands. */

const CASE_BIT = 0x20;

const GROUP_BITS = 14;
/** All letters small, and some other signs others: what is equal without it is equal with it. */
const FOLDED = 0x2020_2020;
const THREE_BYTES = 0xff_ffff;
const TWO_BYTES = 0xffff;

/** What a group is compared with: three numbers, one behind the other in memory. */
export const GROUP_NUMBERS = 3;

/** The four bytes from the pair on, as many of them as belong to the mark: `(found | fold) & mask` has to be `value`. */
export interface Group {
  readonly fold: number;
  readonly mask: number;
  readonly value: number;
}

const ANYTHING: Group = { fold: 0, mask: 0, value: 0 };

export function groupAt({ bytes, isFolded }: Mark, lead: number): Group {
  let { fold, mask, value } = ANYTHING;
  for (const [at, byte] of bytes.subarray(lead, lead + 4).entries()) {
    const isLetter = isFolded && byte >= 0x61 && byte <= 0x7a;
    fold |= (isLetter ? CASE_BIT : 0) << (8 * at);
    mask |= 0xff << (8 * at);
    value |= byte << (8 * at);
  }
  return { fold, mask, value };
}

function groupCell(folded: number): number {
  return Math.imul(folded, SPREAD) >>> (32 - GROUP_BITS);
}

/** Tells most bytes at which a pair of some mark stands from those at which more of it does, by one look. */
export class GroupTable {
  readonly #two = new Uint8Array(2 ** GROUP_BITS);
  readonly #three = new Uint8Array(2 ** GROUP_BITS);
  readonly #four = new Uint8Array(2 ** GROUP_BITS);

  add({ mask, value }: Group): void {
    const table = mask === TWO_BYTES ? this.#two : mask === THREE_BYTES ? this.#three : this.#four;
    table[groupCell((value | FOLDED) & mask)] = 1;
  }

  /** `seen`: four bytes. False when no group begins with them. */
  mayHold(seen: number): boolean {
    const folded = seen | FOLDED;
    const four = this.#four[groupCell(folded)] ?? 0;
    const three = this.#three[groupCell(folded & THREE_BYTES)] ?? 0;
    return (four | three | (this.#two[groupCell(folded & TWO_BYTES)] ?? 0)) !== 0;
  }
}

export function numbersOf({ fold, mask, value }: Group): number[] {
  return [fold, mask, value];
}
