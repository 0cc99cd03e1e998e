/**
 * Scripts that put a text together out of variables alone: `a+b+c`, `$a$b$c`, `f'{a}{b}'`. No literal stands beside a
 * sign of addition, so no mark of two or three characters tells them from other texts.
 */

/** What such a text is given to. Prose has these words too: they count where `addsNames` says so. */
export const GIVING_MARKS: readonly string[] =
  'shell|location|document.|start-process|downloads|execute|eval|invoke-|exec|run|system(|print(|getobject|atob|base64|.format(|\' % (|" % ('.split(
    '|',
  );

const NAME = String.raw`\$?[a-z_][\w.]{0,63}(?:\(\))?`;

/** Three names with two signs between them, or references that stand side by side. Every repetition is short. */
const ADDED_NAMES = new RegExp(
  [
    String.raw`(?<sign>[+&])[ \t]{0,4}${NAME}[ \t]{0,4}\k<sign>[ \t]{0,4}${NAME}`,
    String.raw`\.[ \t]{0,4}\$\w{1,64}[ \t]{0,4}\.[ \t]{0,4}\$\w`,
    String.raw`[$#]?\{[a-z_]\w{0,63}\}[$#]?\{[a-z_]\w{0,63}\}`,
    String.raw`\$\w{1,64}\$\w{1,64}\$\w`,
    String.raw`\$\(\$\{?\w{1,64}\}?\)\$\(`,
    // Formats of Python.
    String.raw`['"][ \t]{0,4}%[ \t]{0,4}\(|['"]\.format\(`,
  ].join('|'),
  'i',
);

export function addsNames(bytes: Buffer): boolean {
  return ADDED_NAMES.test(bytes.toString('latin1'));
}
