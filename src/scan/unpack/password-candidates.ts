import { decodeEntities, hasTag, stripTags } from './text-views.ts';

/** Candidates handed to the unpackers; each archive bounds its own tries as well. */
export const MAX_PASSWORD_CANDIDATES = 200;
/** Text looked at per source: a password stands near the top of a mail, or near the word that announces it. */
const MAX_TEXT_CHARS = 64 * 1024;
const MAX_PASSWORD_CHARS = 64;
/** Candidates from all names together: many attachments must not push out the words of the text. */
const MAX_FROM_NAMES = 60;

/** Words that announce a password, in the languages of most mail. Matching is linear: no nested repetition. */
const ANNOUNCEMENT =
  /(?:pass(?:words?|wort|wd|phrase|code|e)?|pwd|pw|pin|kennwort|kenwort|mot de passe|mdp|contrase(?:ñ|n)a|clave|senha|parola(?: d'ordine)?|wachtwoord|has(?:ł|l)o|heslo|jelsz(?:ó|o)|пароль|şifre|lösenord|adgangskode|salasana|密码|密碼|パスワード|비밀번호|code|key)/giu;

/** What analysts and gateways agree on for samples, and what senders take most often. */
const CUSTOMARY = ['infected', 'malware', 'virus', '1234', '12345', '123456', 'password', 'test', 'secret'];

/** Words between the announcement and the password that are not it. */
const FILLERS: ReadonlySet<string> = new Set(
  (
    'is are was ist lautet est es è é the a an to for of für zum der die das this file archive attachment zip rar document open ' +
    "follows following wie folgt folgende le la les el il lo de del du des do della l'archive archivo archivio fichier datei archiv suivant siguiente seguente"
  ).split(' '),
);

function strip(token: string): string {
  return token
    .replace(/^[\s"'`“”„‘’«»‹›「『【（()[\]{}<>:：=*_~|–—-]+/u, '')
    .replace(/[\s"'`“”„‘’«»‹›」』】）()[\]{}<>*_~|,，、;；:.。]+$/u, '');
}

/**
 * A password in a script that puts no blanks between words, one with the rest of a list behind it, and one in an
 * attribute of a page.
 */
function innerTokens(token: string): string[] {
  const run = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(token)
    ? /[\x21-\x7e]{3,64}/.exec(token)?.[0]
    : undefined;
  const first = /^[^,;(]{3,64}(?=[,;(].)/u.exec(token)?.[0];
  const named = /^(?:alt|title|value|content)=["']?([^"'=\s]{3,64})/i.exec(token)?.[1];
  return [run, first, named].flatMap((inner) => (inner === undefined ? [] : [strip(inner)]));
}

/** A token as it stands and without the punctuation around it; a password may end in a mark of the sentence. */
function forms(token: string): string[] {
  const bare = strip(token);
  const ended = token.replace(/^["'`“„‘«<([]+/u, '').replace(/["'`”’»>)\]]+$/u, '');
  return [bare, ended, token, ...innerTokens(bare)].filter(
    (form) => form.length > 0 && form.length <= MAX_PASSWORD_CHARS,
  );
}

/** A password of several words at the end of a line: `for the file is: blue horse`. */
function behindFillers(line: string): string {
  const words = line.split(/\s+/u);
  const first = words.findIndex((word) => strip(word) !== '' && !FILLERS.has(strip(word).toLowerCase()));
  return strip(words.slice(Math.max(0, first)).join(' '));
}

/** Quoted text right behind an announcement, and the next few words. */
function afterAnnouncement(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(ANNOUNCEMENT)) {
    const following = text.slice(match.index + match[0].length, match.index + match[0].length + 160);
    const quoted = /["'`“”„‘«「『]([^"'`“”’»」』\r\n]{1,64})["'`“”’»」』]/u.exec(following)?.[1];
    const firstLine = /^[\s:=]*([^\r\n]{1,64})/u.exec(following)?.[1];
    const words = following
      .split(/\s+/u)
      .filter((word) => strip(word) !== '' && !FILLERS.has(strip(word).toLowerCase()));
    found.push(...(quoted === undefined ? [] : [quoted]), ...words.slice(0, 4).flatMap(forms));
    found.push(...(firstLine === undefined ? [] : [firstLine.trim(), behindFillers(firstLine)]));
    if (found.length >= MAX_PASSWORD_CANDIDATES) {
      break;
    }
  }
  return found;
}

/** Quoted texts that are tried, of one text. */
const MAX_QUOTED = 10;
/** Of all texts those that are tried before the names of files: few tries are affordable for what is hashed long. */
const FIRST_QUOTED = 2;

/** Quoted words that no announcement stands before. */
function quotedTexts(text: string): string[] {
  const quoted = /(?<=^|[\s(:])["“„«「]([^"“”„»」\r\n]{3,64})["“”»」]/gu;
  return [...text.matchAll(quoted)].slice(0, MAX_QUOTED).map(([, inner = '']) => inner);
}

/** With a digit or of mixed case: what a password looks like when nothing announces it. */
function isPeculiar(token: string): boolean {
  return /\d/u.test(token) || /\p{Ll}\p{Lu}|[^\p{L}\p{P}\s]/u.test(token);
}

function peculiarTokens(text: string): string[] {
  return text
    .split(/[\s<>]+/u, 2000)
    .filter(isPeculiar)
    .flatMap(forms);
}

/** Names longer than any file system allows hold no password worth more tries. */
const MAX_NAME_CHARS = 255;

const ARCHIVE_ENDING = /(?:\.(?:7z|zip|rar|tar|gz|\d{3}))+$/i;
const ENDING = /\.[^.]{1,8}$/;
/** Names join words with marks where a text has blanks; a password may hold one kind of them, so each is tried alone. */
const NAME_SEPARATORS = [/[\s_]+/u, /-+/u, /\.+/u, /[\s_.,;()[\]{}+=-]+/u];

/**
 * Passwords that the name of a file may tell, likeliest first: words with letters and digits, the whole name, what
 * stands behind an announcement, other words.
 */
export function passwordsInName(name: string): string[] {
  const base = name.slice(0, MAX_NAME_CHARS).replace(/^.*[/\\]/, '');
  const stem = base.replace(ARCHIVE_ENDING.test(base) ? ARCHIVE_ENDING : ENDING, '');
  const words = NAME_SEPARATORS.flatMap((separator) => stem.split(separator));
  const mixed = words.filter((word) => /\d/u.test(word) && /\p{L}/u.test(word));
  const ranked = [...mixed, stem, ...afterAnnouncement(stem), ...words.filter(isPeculiar), ...words];
  return [...new Set(ranked)].filter((word) => word !== '' && word.length <= MAX_PASSWORD_CHARS);
}

function plainTokens(text: string): string[] {
  return text.split(/[\s<>]+/u, 500).flatMap((token) => [strip(token)]);
}

/** Encoded text: what it says is read as a part, and chance puts `pw` and `pin` before every few lines of it. */
const ENCODED_BODY =
  /(^content-transfer-encoding:[ \t]{0,16}base64\b(?:.{0,1000}\r?\n){1,40}?\r?\n)[A-Za-z0-9+/=\r\n]+/gim;
/** Fields of a part, whose names are learned by themselves, and the lines between parts. */
const PART_LINES = /^(?:content-[a-z-]{2,30}:.{0,1000}(?:\r?\n[ \t].{0,1000}){0,8}|--\S{1,72})\r?$/gim;

/** A header block of a message: of its fields only the subject is written by a person, nor are those of its parts. */
function withoutFields(text: string): string {
  if (
    !/^(?:received|return-path|delivered-to|date|from|to|subject|message-id|mime-version|x-[a-z-]{1,40}):/i.test(
      text,
    )
  ) {
    return text;
  }
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const subject = /^subject:(.{0,1000}(?:\r?\n[ \t].{0,1000}){0,8})/im.exec(text.slice(0, end))?.[1] ?? '';
  const body = text.replace(ENCODED_BODY, '$1').slice(end);
  return `${subject}\n${body.replace(PART_LINES, '')}`;
}

/** The text of a page, which may cut a password in two by its tags. */
function withoutMarkup(text: string): string[] {
  const bytes = Buffer.from(text);
  const shown = hasTag(bytes) ? stripTags(bytes) : undefined;
  return shown === undefined ? [] : [(decodeEntities(shown) ?? shown).toString('utf8')];
}

/** One of each list after the other, so that a long text does not push out the rest. */
function inTurns(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.min(MAX_PASSWORD_CANDIDATES, Math.max(0, ...lists.map((list) => list.length)));
  return Array.from({ length: longest }, (_, turn) => turn).flatMap((turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  );
}

/**
 * Passwords that the given texts (subject, bodies with and without markup, file names) may tell, likeliest first:
 * announced ones, the first quoted ones, those in the `names` of files, the customary ones, peculiar tokens, then all
 * other words. At most `MAX_PASSWORD_CANDIDATES`.
 */
export function passwordCandidates(texts: readonly string[], names: readonly string[] = []): string[] {
  const bounded = texts
    .map((text) => withoutFields(text.slice(0, MAX_TEXT_CHARS)))
    .flatMap((text) => [text, ...withoutMarkup(text)]);
  const quoted = inTurns(bounded.map(quotedTexts));
  const ranked = [
    ...inTurns(bounded.map(afterAnnouncement)),
    ...quoted.slice(0, FIRST_QUOTED),
    ...inTurns(names.map(passwordsInName)).slice(0, MAX_FROM_NAMES),
    ...CUSTOMARY,
    ...quoted,
    ...inTurns(bounded.map(peculiarTokens)),
    ...inTurns(bounded.map(plainTokens)),
  ];
  const usable = ranked.filter((candidate) => candidate !== '' && candidate.length <= MAX_PASSWORD_CHARS);
  return [...new Set(usable)].slice(0, MAX_PASSWORD_CANDIDATES);
}

function isCustomary(candidate: string | undefined): boolean {
  return candidate !== undefined && CUSTOMARY.includes(candidate);
}

/**
 * Of all candidates those that the mail tells as a password: they come before the customary ones, which stand together.
 * At least one.
 */
export function announcedAmong(candidates: readonly string[]): readonly string[] {
  const end = candidates.findIndex((word, at) => isCustomary(word) && isCustomary(candidates[at + 1]));
  return end < 0 ? candidates : candidates.slice(0, Math.max(1, end));
}
