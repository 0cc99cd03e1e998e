/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Archives and documents that are encrypted, with passwords that stand in the mail or that programs try unasked. */
import { crc32 } from 'node:zlib';
import {
  type LegacyScheme,
  lockedDoc,
  lockedPpt,
  lockedXls,
  sealedPicture,
} from '../../src/scan/unpack/legacy-office-for-test.ts';
import { lockedOdt } from '../../src/scan/unpack/odf-for-test.ts';
import { lockedRar4, lockedRar5, type Rar4Seal, type RarSeal } from '../../src/scan/unpack/rar-for-test.ts';
import { sealSevenZip, type Seal, storedSevenZip } from '../../src/scan/unpack/seven-zip-for-test.ts';
import { fixture } from './archive-techniques.ts';
import { mailWith, payload, Row, type Technique, type Word } from './technique.ts';

/** The password of everything here; what is sealed has it nowhere in its mail. */
const PASSWORD = 'secret4711';
const TOLD = { text: `The password is ${PASSWORD} as always.` };
const SEALED = { isSealed: true };

/** The archive of `fixture` as `arj -g` writes it: a flag in the header of its file, whose checksum follows, and its data. */
function garbledArj(word: Word): Buffer {
  const bytes = Buffer.from(fixture('a.arj')(word));
  const headerOf = (at: number): Buffer => bytes.subarray(at + 4, at + 4 + bytes.readUInt16LE(at + 2));
  const second = 4 + headerOf(0).length + 6;
  const header = headerOf(second);
  header[4] = (header[4] ?? 0) | 1;
  bytes.writeUInt32LE(crc32(header), second + 4 + header.length);
  const data = second + 4 + header.length + 6;
  const end = data + header.readUInt32LE(12);
  const key = Buffer.from(PASSWORD).map((letter) => letter + (header[7] ?? 0));
  const garbled = (byte: number, at: number): number => byte ^ (key[(at - data) % key.length] ?? 0);
  return Buffer.from(bytes.map((byte, at) => (at >= data && at < end ? garbled(byte, at) : byte)));
}

function fromTheMail(): Technique[] {
  const row = new Row(
    'archives',
    'encrypted, password in the mail',
    'the reader, who types what the mail says',
  );
  const told = { text: 'The password is secret4711 as always.' };
  const files = [
    ['zip, AES', 'a.zip', 'locked-aes.zip'],
    ['zip, ZipCrypto', 'a.zip', 'locked-zipcrypto.zip'],
    ['7z', 'a.7z', 'locked.7z'],
    ['7z with encrypted names', 'a.7z', 'locked-names.7z'],
    ['PDF', 'a.pdf', 'locked.pdf'],
  ] as const;
  for (const [name, fileName, source] of files) {
    row.attached(name, fileName, fixture(source), told);
  }
  const named = { text: 'See the name.' };
  const sealed = { isSealed: true };
  for (const fileName of [
    'invoice_secret4711.zip',
    'secret4711-a.zip',
    'secret4711.7z',
    'invoice_secret4711.7z',
    'Invoice.2026-11.secret4711.final.7z',
  ]) {
    const source = fileName.endsWith('zip') ? 'locked-aes.zip' : 'locked.7z';
    row.attached(`password in the name ${fileName}`, fileName, fixture(source), named);
  }
  return row
    .attached('zip, AES, nothing told', 'a.zip', fixture('locked-aes.zip'), sealed)
    .attached('zip, ZipCrypto, nothing told', 'a.zip', fixture('locked-zipcrypto.zip'), sealed)
    .attached('7z, nothing told', 'a.7z', fixture('locked.7z'), sealed)
    .attached('arj', 'a.arj', garbledArj, told)
    .attached('arj, nothing told', 'a.arj', garbledArj, sealed)
    .attached('PDF, nothing told', 'a.pdf', fixture('locked.pdf'), sealed)
    .attached('PDF, password of the owner', 'a.pdf', fixture('locked.pdf'), { text: 'The password is o.' })
    .attached('zip, password in the name', 'secret4711.zip', fixture('locked-aes.zip'), named)
    .attached(
      'zip, password in the name behind a word',
      'invoice secret4711.zip',
      fixture('locked-zipcrypto.zip'),
      named,
    )
    .attached('zip, password in the page', 'a.zip', fixture('locked-aes.zip'), {
      text: '<p>The <b>password</b> is:<br><span>secret4711</span></p>',
    })
    .attached('7z, password behind a sentence', 'a.7z', fixture('locked.7z'), {
      text: "Le mot de passe de l'archive est le suivant :\r\n\r\n    secret4711",
    })
    .attached('zip, password as the text of a picture', 'a.zip', fixture('locked-aes.zip'), {
      text: '<p>As in the picture: <img src="cid:a" alt="secret4711"></p>',
    })
    .whole('zip, password in a file beside it', besideNote(fixture('locked-aes.zip'))).cases;
}

/** A mail with an archive and a file of unknown type that tells its password. */
function besideNote(archive: (word: Word) => Buffer): (word: Word) => Buffer {
  const note = `Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="pass.txt"`;
  return (word) => {
    const mail = mailWith('a.zip', archive(word)).toString('latin1');
    return Buffer.from(mail.replace('--=_b--', `--=_b\r\n${note}\r\n\r\nsecret4711\r\n--=_b--`), 'latin1');
  };
}

/** Cases that 7-Zip opens and that a test of passwords by their first bytes could get wrong. */
function sevenZips(): Technique[] {
  const row = new Row('archives', 'encrypted 7z, told apart by the first block', '7-Zip, NanaZip, PeaZip');
  const seal =
    (name: string, change: Partial<Seal> = {}) =>
    (word: Word): Buffer =>
      sealSevenZip(fixture(name)(word), { password: PASSWORD, ...change });
  const stored = (word: Word): Buffer => sealSevenZip(storedSevenZip(payload(word)), { password: PASSWORD });
  for (const method of ['lzma', 'lzma2', 'bzip2', 'deflate', 'ppmd']) {
    row.attached(method, 'a.7z', seal(`7z-${method}.7z`), TOLD);
  }
  return row
    .attached('last block filled with other than zero', 'a.7z', seal('7z-lzma2.7z', { padding: 0x41 }), TOLD)
    .attached('with a salt', 'a.7z', seal('7z-lzma.7z', { salt: Buffer.from('0123456789abcdef') }), TOLD)
    .attached('a key that is not hashed', 'a.7z', seal('7z-lzma.7z', { cyclesPower: 0x3f }), TOLD)
    .attached('nothing told', 'a.7z', seal('7z-lzma2.7z'), SEALED)
    .attached('stored without a checksum', 'a.7z', stored, SEALED).cases;
}

function rars(): Technique[] {
  const row = new Row('archives', 'encrypted RAR', 'WinRAR, 7-Zip');
  const rar5 =
    (change: Partial<RarSeal> = {}) =>
    (word: Word): Buffer =>
      lockedRar5(payload(word), { password: PASSWORD, ...change });
  const rar4 =
    (change: Partial<Rar4Seal> = {}) =>
    (word: Word): Buffer =>
      lockedRar4(payload(word), { password: PASSWORD, ...change });
  const unchecked = { hasCheck: false };
  const open = { showsNames: true };
  return row
    .attached('version 5', 'a.rar', rar5(), TOLD)
    .attached('version 5, hidden names', 'a.rar', rar5({ hidesNames: true }), TOLD)
    .attached('version 5, no password check', 'a.rar', rar5(unchecked), TOLD)
    .attached('version 5, compressed', 'a.rar', rar5({ isPacked: true, ...unchecked }), TOLD)
    .attached('version 5, keyed checksum', 'a.rar', rar5({ sum: 'keyed', ...unchecked }), TOLD)
    .attached('version 4, hidden names', 'a.rar', rar4(), TOLD)
    .attached('version 4', 'a.rar', rar4(open), TOLD)
    .attached('version 4, compressed', 'a.rar', rar4({ isPacked: true, ...open }), TOLD)
    .attached('version 5, nothing told', 'a.rar', rar5(), SEALED)
    .attached('version 4, nothing told', 'a.rar', rar4(), SEALED)
    .attached('version 4, readable names, nothing told', 'a.rar', rar4(open), SEALED)
    .attached('version 4, compressed, nothing told', 'a.rar', rar4({ isPacked: true, ...open }), SEALED)
    .cases;
}

/** What Excel tries by itself before it asks. */
const UNASKED = 'VelvetSweatshop';

function legacyOffice(): Technique[] {
  const row = new Row('documents', 'encrypted Office before 2007', 'Word, Excel and PowerPoint; LibreOffice');
  const xls = (scheme: LegacyScheme, password: string) => (word: Word) =>
    lockedXls(payload(word), scheme, password);
  const doc = (scheme: LegacyScheme) => (word: Word) => lockedDoc(payload(word), scheme, PASSWORD);
  const ppt = (word: Word): Buffer => lockedPpt(payload(word), 'cryptoapi', PASSWORD);
  const picture = (word: Word): Buffer =>
    lockedPpt(Buffer.from('a slide'), 'cryptoapi', PASSWORD, 2, (key) => sealedPicture(payload(word), key));
  for (const scheme of ['xor', 'rc4', 'cryptoapi', 'cryptoapi, 40 bits'] as const) {
    row
      .attached(`workbook, ${scheme}, opened without a question`, 'a.xls', xls(scheme, UNASKED))
      .attached(`workbook, ${scheme}`, 'a.xls', xls(scheme, PASSWORD), TOLD)
      .attached(`workbook, ${scheme}, nothing told`, 'a.xls', xls(scheme, PASSWORD), SEALED);
  }
  return row
    .attached('Word document, rc4', 'a.doc', doc('rc4'), TOLD)
    .attached('Word document, cryptoapi', 'a.doc', doc('cryptoapi'), TOLD)
    .attached('Word document, nothing told', 'a.doc', doc('rc4'), SEALED)
    .attached('presentation', 'a.ppt', ppt, TOLD)
    .attached('picture of a presentation', 'a.ppt', picture, TOLD)
    .attached('presentation, nothing told', 'a.ppt', ppt, SEALED).cases;
}

function openDocuments(): Technique[] {
  const row = new Row('documents', 'encrypted OpenDocument', 'LibreOffice, Collabora');
  const odt = (word: Word): Buffer => lockedOdt(payload(word), { password: PASSWORD });
  return row
    .attached('text', 'a.odt', odt, TOLD)
    .attached('text under another name', 'a.dat', odt, TOLD)
    .attached('text, nothing told', 'a.odt', odt, SEALED).cases;
}

export function lockedTechniques(): Technique[] {
  return [...fromTheMail(), ...sevenZips(), ...rars(), ...legacyOffice(), ...openDocuments()];
}
