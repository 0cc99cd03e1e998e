/** Shorter texts are left to the engine, which is faster: characters. */
const SHORT = 256 * 1024;
/** Characters that are put together before they become one run of memory. */
const PART = 64 * 1024;

const ANY = /[^]/;

type Replacer = Extract<Parameters<string['replace']>[1], CallableFunction>;

/**
 * As `text.replace(pattern, by)` with a global pattern. The engine keeps each match of a text until all are replaced,
 * 150 bytes and more, and cannot be stopped meanwhile: 1.8 million of them in a message of 20 MB fill the memory of a
 * thread, which ends the whole process.
 */
export function replaceEach(text: string, pattern: RegExp, by: Replacer): string {
  if (text.length <= SHORT) {
    return text.replace(pattern, by);
  }
  const parts: string[] = [];
  let [part, end] = ['', 0];
  for (const match of text.matchAll(pattern)) {
    part += text.slice(end, match.index) + by(match[0], ...match.slice(1));
    end = match.index + match[0].length;
    if (part.length >= PART) {
      ANY.test(part); // to search what was put together, the engine makes one run of memory of it
      parts.push(part);
      part = '';
    }
  }
  return end === 0 ? text : `${parts.join('')}${part}${text.slice(end)}`;
}
