/** Comments nest; deeper nesting than this is nobody's mail. */
const MAX_COMMENT_DEPTH = 8;

/** A field's text without its comments (RFC 5322 3.2.2); one that is never closed ends with its line. */
export function withoutComments(text: string): string {
  let out = text;
  for (let i = 0; i < MAX_COMMENT_DEPTH; i += 1) {
    const next = out.replace(/\([^()]*\)/g, '');
    if (next === out) {
      break;
    }
    out = next;
  }
  return out.replace(/\([^\r\n]*/g, '');
}
