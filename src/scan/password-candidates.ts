import type { Piece } from './piece.ts';

/** As many as can be tried on one archive in about a second (evasion notes 3). */
const MAX_CANDIDATES = 200;

/** Text read for candidates, over all pieces; a password stands near the top of a mail. */
const MAX_TEXT_BYTES = 64 * 1024;

/** What senders of archives use when they name none, and what analysts use. */
const USUAL = [
  'infected',
  'virus',
  'malware',
  'password',
  '1234',
  '12345',
  '123456',
  '0000',
  '1111',
  'VelvetSweatshop',
];

/** A longer word is no password, and the patterns below are not linear. */
const MAX_WORD_LENGTH = 128;

const CUE =
  /(?:pass ?(?:word|code|wort|phrase)?|kennwort|pwd|pw|pin|code|clave|contrase\S{1,4}a|mot de passe|senha|парол\S{1,3}|密码|密碼|パスワード)/iu;

/** Collects what may be a password from the texts and names of a message, the likeliest first. */
export class PasswordCandidates {
  readonly #texts: string[] = [];
  readonly #names: string[] = [];
  #bytes = 0;
  #list: readonly string[] | undefined;

  learn(piece: Piece): void {
    const isText = piece.type?.startsWith('text/') === true || piece.path.endsWith('header');
    if (isText && this.#bytes < MAX_TEXT_BYTES) {
      const bytes = Buffer.from(piece.bytes.subarray(0, MAX_TEXT_BYTES - this.#bytes));
      this.#bytes += bytes.length;
      this.#texts.push(bytes.toString('utf8', 0, bytes.length));
      this.#list = undefined;
    }
    if (piece.name !== undefined) {
      this.#names.push(piece.name);
    }
  }

  list(): readonly string[] {
    this.#list ??= this.#collect();
    return this.#list;
  }

  #collect(): string[] {
    const near = new Set<string>();
    const far = new Set<string>();
    for (const text of this.#texts) {
      collectFrom(text.replace(/<[^<>]{0,2000}>/g, ' ').replaceAll('&nbsp;', ' '), near, far);
    }
    for (const name of this.#names) {
      far.add(name.replace(/\.[^.]{1,8}$/, ''));
    }
    return [...new Set([...near, ...USUAL, ...far])].slice(0, MAX_CANDIDATES);
  }
}

/** Words after a cue go to `near`, other words that look like passwords to `far`. */
function collectFrom(text: string, near: Set<string>, far: Set<string>): void {
  const words = text.split(/\s+/u);
  let distance = Number.POSITIVE_INFINITY;
  for (const word of words) {
    if (word.length > MAX_WORD_LENGTH) {
      continue;
    }
    distance = CUE.test(word) ? 0 : distance + 1;
    const target = distance <= 6 ? near : far;
    for (const candidate of spellings(word)) {
      if (candidate.length >= 3 && candidate.length <= 64 && (target === near || /\d/.test(candidate))) {
        target.add(candidate);
      }
    }
  }
}

/** The word as it stands, without the punctuation around it, and what follows a colon or equals sign in it. */
function spellings(word: string): string[] {
  const bare = word.replace(/^["'“”„«»‘’([{<*_]+|["'“”„«»‘’)\]}>*_.,;:!?]+$/gu, '');
  const after = /[:=](.+)$/u.exec(bare)?.[1];
  return after === undefined ? [bare, word] : [after.replace(/^["'“„]+/u, ''), bare, word];
}
