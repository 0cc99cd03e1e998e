import { viewOf } from './byte-view.ts';
import type { Mark, MarkPlaces } from './mark.ts';

/** Marks that are looked for again in a part: more of them are found faster all at once. */
const MAX_SOUGHT = 4;
/** Shorter parts are searched as fast as what is known of them is looked up. */
export const MIN_PART_BYTES = 4 * 1024;

/** True when `part` is some of the memory of `whole`. */
export function isPartOf(part: Uint8Array, whole: Uint8Array): boolean {
  return (
    part.buffer === whole.buffer &&
    part.byteOffset >= whole.byteOffset &&
    part.byteOffset + part.length <= whole.byteOffset + whole.length
  );
}

/**
 * Where `marks` stand in a part of `whole`, of which it is known: a stored file in an archive, a picture in a document.
 * Undefined when they have to be looked for. A mark that stands nowhere in the whole, or first behind the beginning of
 * the part, is not looked for again.
 */
export function placesInPart(
  marks: readonly Mark[],
  part: Uint8Array,
  whole: Uint8Array,
  known: MarkPlaces,
): MarkPlaces | undefined {
  if (known.repeated.length > 0) {
    return undefined; // not all places of these are noted
  }
  const start = part.byteOffset - whole.byteOffset;
  const first = new Int32Array(known.first.length).fill(-1);
  let sought = 0;
  for (const [index, { bytes, isFolded }] of marks.entries()) {
    const place = known.first[index] ?? -1;
    if (place >= start) {
      first[index] = place + bytes.length <= start + part.length ? place - start : -1;
    } else if (place >= 0) {
      sought += isFolded ? MAX_SOUGHT + 1 : 1;
      first[index] = sought > MAX_SOUGHT ? -1 : viewOf(part).indexOf(bytes);
    }
  }
  return sought > MAX_SOUGHT ? undefined : { first, repeated: [] };
}
