import type { NoticeConfig } from '../../base/config/notice-schema.ts';

/** How a user is told that something was removed. */
export interface NoticeWording {
  readonly language: NoticeConfig['language'];
  /** Completes the sentence "ask …"; harmless ASCII, the configuration sees to it. */
  readonly contact: string;
  /** Own words instead of ours. */
  readonly text?: string | undefined;
  /** Template of what is put before the subject of a substitute (POP3). */
  readonly subjectTag?: string | undefined;
  /** Say what was done in header lines of a substitute (POP3). */
  readonly resultHeaders?: boolean | undefined;
  /** Set on what was neutralised or withheld (IMAP). */
  readonly keywords?: readonly string[] | undefined;
  /** Set on what was delivered although something was found (IMAP). */
  readonly keywordsFound?: readonly string[] | undefined;
}

/** Sentences of one language. The notice stays 7-bit, so that it fits every transfer encoding. */
export interface Words {
  readonly notice: string;
  readonly matched: string;
  readonly unscannable: string;
  readonly refused: string;
}

export const WORDS: Readonly<Record<NoticeConfig['language'], Words>> = {
  en: {
    notice:
      'Postern removed this content. {reason} The original is kept in quarantine. ' +
      'If you need it, ask {contact} and give this number: {digest}. Scan {scan}.',
    matched: 'Rule {rule} matched in part {piece}.',
    unscannable: 'It could not be scanned: {cause}.',
    refused: 'It is not allowed here.',
  },
  // a-ring and a-umlaut as aa and ae, o-umlaut as oe: the usual way to write Swedish in ASCII.
  sv: {
    notice:
      'Postern har tagit bort det haer innehaallet. {reason} Originalet finns i karantaen. ' +
      'Om du behoever det, fraaga {contact} och uppge detta nummer: {digest}. Kontroll {scan}.',
    matched: 'Regeln {rule} traeffade i delen {piece}.',
    unscannable: 'Det kunde inte kontrolleras: {cause}.',
    refused: 'Det aer inte tillaatet haer.',
  },
  de: {
    notice:
      'Postern hat diesen Inhalt entfernt. {reason} Das Original liegt in der Quarantaene. ' +
      'Wenn Sie es brauchen, fragen Sie {contact} und nennen Sie diese Nummer: {digest}. Pruefung {scan}.',
    matched: 'Die Regel {rule} traf auf den Teil {piece} zu.',
    unscannable: 'Er konnte nicht geprueft werden: {cause}.',
    refused: 'Er ist hier nicht erlaubt.',
  },
};

export const DEFAULT_WORDING: NoticeWording = { language: 'en', contact: 'your administrator' };

/** Which words a message gets. */
export class NoticeWordings {
  #config: NoticeConfig;

  constructor(config: NoticeConfig) {
    this.#config = config;
  }

  /** In force from the next message on. */
  replace(config: NoticeConfig): void {
    this.#config = config;
  }

  /** May a header of any substitute be edited? */
  get editsHeaders(): boolean {
    const { choices } = this.#config;
    return [this.#config, ...choices].some((one) => one.subjectTag !== undefined || one.resultHeaders);
  }

  /** `port`: of the listener, as configured. `user`: login name, or empty; his domain wins over the port. */
  of(port: number, user: string): NoticeWording {
    const { choices } = this.#config;
    const domain = domainOf(user);
    return (
      choices.find(({ domains }) => domains.some((one) => one.toLowerCase() === domain)) ??
      choices.find(({ ports }) => ports.includes(port)) ??
      this.#config
    );
  }
}

function domainOf(user: string): string {
  const at = user.lastIndexOf('@');
  return at < 0 ? '' : user.slice(at + 1).toLowerCase();
}
