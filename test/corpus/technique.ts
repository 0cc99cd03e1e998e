import { base64Lines } from './mime-writer.ts';

/** Parts of the evasion notes that a technique can belong to. */
export type Section = 'MIME' | 'sealed envelopes' | 'archives' | 'documents' | 'sizes and edges';

/** The two words that a case is built around: what the test's rule looks for, and what nothing looks for. */
export const MARKED = 'POSTERN-TEST';
export const CALM = 'POSTERN-CALM';
export type Word = typeof MARKED | typeof CALM;

/** An independent program or library that can open the file and show the word. */
export type Decoder =
  | '7z'
  | 'unzip'
  | 'python-zip'
  | 'tar'
  | 'python-codec'
  | 'lzip'
  | 'lz4'
  | 'zstd'
  | 'uncompress'
  | 'cabextract'
  | 'lhasa'
  | 'arj'
  | 'gpg'
  | 'openssl'
  | 'qpdf';

/** One way to hide content, built from a harmless word so that it and its clean twin differ in nothing else. */
export interface Technique {
  readonly section: Section;
  /** Row of the technique table in docs/EVASIONS.md. */
  readonly row: string;
  readonly name: string;
  /** Client or tool that opens it: why it counts. */
  readonly openedBy: string;
  /** The file that is attached, absent when the message itself is the trick. */
  readonly file?: (word: Word) => Buffer;
  readonly message: (word: Word) => Buffer;
  /** Programs that must get the word out of the file. */
  readonly confirmedBy: readonly Decoder[];
  /** No ordinary sender writes this: a twin of it may be suspicious or unscannable. */
  readonly isDamaged: boolean;
  /** Nobody can read it without a secret: `unscannable` is the right answer to case and twin. */
  readonly isSealed: boolean;
}

/** A text that no compressor of the corpus leaves readable and no reader takes for something else. */
export function payload(word: Word, filler = 40): Buffer {
  return Buffer.from(`MZ harmless ${word} ${'. some filler here '.repeat(filler)}`);
}

const TOP =
  'From: a@example.org\r\nTo: b@example.org\r\nSubject: papers\r\nDate: Fri, 2 Jan 2026 03:04:05 +0000\r\nMIME-Version: 1.0\r\n';

/** An ordinary mail with one attachment in base64. */
export function mailWith(name: string, file: Buffer, text = 'Please find it attached.'): Buffer {
  return Buffer.concat([
    Buffer.from(
      `${TOP}Content-Type: multipart/mixed; boundary="=_b"\r\n\r\n--=_b\r\n` +
        `Content-Type: text/plain; charset=utf-8\r\n\r\n${text}\r\n--=_b\r\n` +
        `Content-Type: application/octet-stream; name="${name}"\r\nContent-Transfer-Encoding: base64\r\n` +
        `Content-Disposition: attachment; filename="${name}"\r\n\r\n`,
    ),
    Buffer.from(base64Lines(file)),
    Buffer.from('\r\n--=_b--\r\n'),
  ]);
}

/** A mail that is one entity: its fields and its body. */
export function plainMail(fields: string, body: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${TOP}${fields}\r\n\r\n`, 'latin1'), Buffer.from(body)]);
}

interface Extra {
  readonly confirmedBy?: readonly Decoder[];
  readonly isDamaged?: boolean;
  readonly isSealed?: boolean;
  readonly text?: string;
}

/** Makes the cases of one row; `attached` is the usual form, `whole` a message of its own shape. */
export class Row {
  readonly cases: Technique[] = [];
  readonly #section: Section;
  readonly #row: string;
  readonly #openedBy: string;

  constructor(section: Section, row: string, openedBy: string) {
    this.#section = section;
    this.#row = row;
    this.#openedBy = openedBy;
  }

  attached(name: string, fileName: string, file: (word: Word) => Buffer, extra: Extra = {}): this {
    this.#add(name, (word) => mailWith(fileName, file(word), extra.text), { ...extra, file });
    return this;
  }

  whole(name: string, message: (word: Word) => Buffer, extra: Extra = {}): this {
    this.#add(name, message, extra);
    return this;
  }

  #add(name: string, message: Technique['message'], extra: Extra & Pick<Technique, 'file'>): void {
    this.cases.push({
      section: this.#section,
      row: this.#row,
      name,
      openedBy: this.#openedBy,
      message,
      confirmedBy: extra.confirmedBy ?? [],
      isDamaged: extra.isDamaged ?? false,
      isSealed: extra.isSealed ?? false,
      ...(extra.file && { file: extra.file }),
    });
  }
}
