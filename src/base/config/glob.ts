/**
 * Does `text` match `pattern`, in which `*` stands for anything? Case does not matter. Takes time in
 * proportion to the length of both, whatever the pattern.
 */
export function globMatches(pattern: string, text: string): boolean {
  const pieces = pattern.toLowerCase().split('*');
  const value = text.toLowerCase();
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return value === first;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const piece of others) {
    const found = value.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return value.length - at >= last.length && value.endsWith(last);
}
