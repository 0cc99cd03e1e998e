/* oxlint-disable unicorn/consistent-function-scoping -- a builder stands beside the row that it is for */
/** Section 2.6 of the evasion notes: messages and files inside envelopes that are signed, compressed or packed. */
import { deflateRawSync, deflateSync } from 'node:zlib';
import { buildOle } from '../../src/scan/unpack/ole-for-test.ts';
import { literal, packet, partialPacket } from '../../src/scan/unpack/openpgp-for-test.ts';
import { le } from './container-bytes.ts';
import { payload, plainMail, Row, type Technique, type Word } from './technique.ts';

type Encode = (tag: number, ...parts: readonly Buffer[]) => Buffer;

/** The shortest length, as DER wants it: OpenSSL since 3.0.19 refuses some longer ones. */
function lengthOf(length: number): Buffer {
  if (length < 0x80) {
    return Buffer.of(length);
  }
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.of(0x80 | bytes.length), bytes]);
}

const der: Encode = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
};

/** The same with lengths of four bytes, which other programs read. */
const longDer: Encode = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([Buffer.from([tag, 0x84]), length, content]);
};

/** The same with indefinite length. */
const ber: Encode = (tag, ...parts) => Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.alloc(2)]);

function oid(hex: string): Buffer {
  return Buffer.from(`06${(hex.length / 2).toString(16).padStart(2, '0')}${hex}`, 'hex');
}

const DATA = oid('2a864886f70d010701');
const SIGNED = oid('2a864886f70d010702');
const ENVELOPED = oid('2a864886f70d010703');
const COMPRESSED = oid('2a864886f70d0109100109');
const ZLIB = oid('2a864886f70d0109100308');
const VERSION = Buffer.from('020101', 'hex');

function signed(encode: Encode, octets: Buffer): Buffer {
  const content = encode(0x30, DATA, encode(0xa0, octets));
  return encode(0x30, SIGNED, encode(0xa0, encode(0x30, VERSION, encode(0x31), content, encode(0x31))));
}

function chunked(bytes: Buffer): Buffer {
  const count = Math.ceil(bytes.length / 7);
  return ber(0x24, ...Array.from({ length: count }, (_, i) => der(0x04, bytes.subarray(i * 7, i * 7 + 7))));
}

function compressed(bytes: Buffer, encode = der): Buffer {
  const packed = deflateSync(bytes);
  const inner = encode(0x30, DATA, encode(0xa0, encode === ber ? chunked(packed) : der(0x04, packed)));
  const version = Buffer.from('020100', 'hex');
  return encode(0x30, COMPRESSED, encode(0xa0, encode(0x30, version, encode(0x30, ZLIB), inner)));
}

/** What S/MIME signs is itself a MIME entity. */
function entity(word: Word): Buffer {
  return Buffer.from(
    `Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n${payload(word, 2).toString('base64')}\r\n`,
  );
}

function pem(bytes: Buffer): Buffer {
  const text = bytes.toString('base64').replace(/(.{64})/g, '$1\n');
  return Buffer.from(`-----BEGIN PKCS7-----\n${text}\n-----END PKCS7-----\n`);
}

function smime(): Technique[] {
  const row = new Row(
    'sealed envelopes',
    'S/MIME opaque signed',
    'Outlook, Thunderbird, Apple Mail, openssl',
  );
  const openssl = { confirmedBy: ['openssl'] as const };
  const whole = (word: Word): Buffer =>
    plainMail(
      'Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\nContent-Transfer-Encoding: base64',
      signed(der, der(0x04, entity(word)))
        .toString('base64')
        .replace(/(.{76})/g, '$1\r\n'),
    );
  return row
    .attached('DER', 'smime.p7m', (word) => signed(der, der(0x04, entity(word))), openssl)
    .attached('BER in many strings', 'smime.p7m', (word) => signed(ber, chunked(entity(word))), openssl)
    .attached('strings in strings', 'smime.p7m', (word) => signed(ber, ber(0x24, chunked(entity(word)))))
    .attached('lengths of four bytes', 'smime.p7m', (word) => signed(longDer, longDer(0x04, entity(word))))
    .attached('PEM', 'a.pem', (word) => pem(signed(der, der(0x04, entity(word)))))
    .attached('compressed', 'smime.p7z', (word) => compressed(entity(word)))
    .attached('compressed, in BER', 'smime.p7z', (word) => compressed(entity(word), ber))
    .attached('compressed in BER and signed so', 'smime.p7m', (word) =>
      signed(ber, chunked(compressed(entity(word), ber))),
    )
    .attached('signed and compressed', 'smime.p7m', (word) =>
      signed(der, der(0x04, compressed(entity(word)))),
    )
    .whole('the whole message', whole)
    .attached(
      'encrypted',
      'smime.p7m',
      (word) => der(0x30, ENVELOPED, der(0xa0, der(0x30, VERSION, der(0x31), scrambled(word)))),
      { isSealed: true },
    ).cases;
}

/** Bytes that stand for a ciphertext: the word cannot be read from them. */
function scrambled(word: Word): Buffer {
  return Buffer.from(payload(word, 2)).map((byte, index) => byte ^ (0x5a + (index % 7))) as Buffer;
}

/** The checksum of RFC 4880 section 6.1. */
function crc24(bytes: Buffer): Buffer {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      crc ^= (crc & 0x1000000) === 0 ? 0 : 0x1864cfb;
    }
  }
  return Buffer.from([(crc >> 16) & 255, (crc >> 8) & 255, crc & 255]);
}

function armour(bytes: Buffer): Buffer {
  const lines = bytes.toString('base64').replace(/(.{64})/g, '$1\n');
  return Buffer.from(
    `-----BEGIN PGP MESSAGE-----\n\n${lines}\n=${crc24(bytes).toString('base64')}\n-----END PGP MESSAGE-----\n`,
  );
}

function openpgp(): Technique[] {
  const row = new Row('sealed envelopes', 'OpenPGP without a key', 'gpg, Thunderbird, mail plug-ins');
  const gpg = { confirmedBy: ['gpg'] as const };
  const plain = (word: Word): Buffer => packet(11, literal(payload(word)));
  const zipped = (word: Word): Buffer =>
    packet(8, Buffer.concat([Buffer.from([1]), deflateRawSync(plain(word))]));
  const zlib = (word: Word): Buffer => packet(8, Buffer.concat([Buffer.from([2]), deflateSync(plain(word))]));
  const session = packet(1, Buffer.concat([Buffer.from([3]), Buffer.alloc(60)]));
  const sealed = (word: Word): Buffer =>
    Buffer.concat([session, packet(18, Buffer.concat([Buffer.from([1]), scrambled(word)]))]);
  return row
    .attached('literal data', 'a.gpg', plain, gpg)
    .attached('partial lengths', 'a.gpg', (word) => partialPacket(11, literal(payload(word))), gpg)
    .attached('zip compression', 'a.gpg', zipped, gpg)
    .attached('zlib compression', 'a.gpg', zlib, gpg)
    .attached('armour', 'a.asc', (word) => armour(zipped(word)), gpg)
    .whole('armour in the text', (word) =>
      plainMail(
        'Content-Type: text/plain',
        Buffer.concat([Buffer.from('Hello,\r\n\r\n'), armour(zlib(word))]),
      ),
    )
    .attached('encrypted to a key', 'a.gpg', sealed, { isSealed: true })
    .attached('encrypted, armoured', 'a.asc', (word) => armour(sealed(word)), { isSealed: true }).cases;
}

function attribute(id: number, data: Buffer): Buffer {
  const sum = data.reduce((total, byte) => total + byte, 0) & 0xffff;
  return Buffer.concat([Buffer.from([2]), le(id, 4), le(data.length, 4), data, le(sum, 2)]);
}

function tnef(...attributes: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('789f3e220100', 'hex'), ...attributes]);
}

function property(type: number, id: number, value: Buffer): Buffer {
  const padding = Buffer.alloc((4 - (value.length % 4)) % 4);
  return Buffer.concat([le(type, 2), le(id, 2), le(1, 4), le(value.length, 4), value, padding]);
}

function tnefs(): Technique[] {
  const row = new Row('sealed envelopes', 'TNEF', 'Outlook; plug-ins of other clients');
  const one = (file: Buffer): Buffer[] => [
    attribute(0x00069002, Buffer.alloc(14)),
    attribute(0x00018010, Buffer.from('a.exe\0')),
    attribute(0x0006800f, file),
  ];
  const zipped = (word: Word): Buffer => deflateSync(payload(word));
  const named = (word: Word): Buffer => {
    const object = property(0x0d, 0x3701, Buffer.concat([Buffer.alloc(16, 1), payload(word)]));
    return tnef(attribute(0x00069005, Buffer.concat([le(1, 4), object])));
  };
  return row
    .attached('winmail.dat', 'winmail.dat', (word) => tnef(...one(payload(word))))
    .attached('second attachment, compressed', 'winmail.dat', (word) =>
      tnef(...one(Buffer.from('x')), ...one(zipped(word))),
    )
    .attached('another name', 'photo.jpg', (word) => tnef(...one(zipped(word))))
    .attached('attachment as a property', 'winmail.dat', named).cases;
}

function mailFiles(): Technique[] {
  const row = new Row('sealed envelopes', 'mail files', 'Outlook, Thunderbird; browsers open MHT');
  const eml = (word: Word): Buffer =>
    plainMail(
      'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64',
      payload(word, 4).toString('base64'),
    );
  const msg = (word: Word): Buffer =>
    buildOle([
      { name: '__properties_version1.0', bytes: Buffer.alloc(32) },
      { name: '__substg1.0_3701000D', bytes: Buffer.from('x') },
      { name: '__substg1.0_37010102', bytes: deflateSync(payload(word)) },
    ]);
  const mbox = (word: Word): Buffer =>
    Buffer.concat([
      Buffer.from('From a Mon Jan 1\r\nSubject: one\r\n\r\nhello\r\n\r\nFrom b Mon Jan 1\r\n'),
      eml(word),
    ]);
  const mht = (word: Word): Buffer =>
    Buffer.from(
      `From: <saved>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=m\r\n\r\n--m\r\nContent-Type: text/html\r\n\r\n<html></html>\r\n--m\r\nContent-Type: image/gif\r\nContent-Location: a.gif\r\nContent-Transfer-Encoding: base64\r\n\r\n${payload(word, 2).toString('base64')}\r\n--m--\r\n`,
    );
  return row
    .attached('eml', 'a.eml', eml)
    .attached('eml under another name', 'a.bin', eml)
    .attached('mbox', 'a.mbox', mbox)
    .attached('MHT', 'a.mht', mht)
    .attached('Outlook msg', 'a.msg', msg).cases;
}

function partial(): Technique[] {
  const row = new Row(
    'sealed envelopes',
    'message/partial',
    'Outlook Express joined the parts; refused by policy',
  );
  const fields = 'Content-Type: message/partial; id="x@example.org"; number=2; total=3';
  const half = (word: Word): Buffer => payload(word, 2).subarray(20);
  return row.whole('second of three', (word) => plainMail(fields, half(word).toString('base64')), {
    isSealed: true,
  }).cases;
}

function calendars(): Technique[] {
  const row = new Row('sealed envelopes', 'iCalendar and vCard', 'Outlook, Apple Calendar, Thunderbird');
  const folded = (word: Word): string =>
    payload(word, 2)
      .toString('base64')
      .replace(/(.{30})/g, '$1\r\n ');
  const calendar = (word: Word): Buffer =>
    Buffer.from(
      `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:${folded(word)}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n`,
    );
  const card = (word: Word): Buffer =>
    Buffer.from(
      `BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A B\r\nPHOTO:data:image/jpeg;base64,${folded(word)}\r\nEND:VCARD\r\n`,
    );
  return row
    .attached('calendar attachment', 'a.ics', calendar)
    .attached('photo of a card', 'a.vcf', card)
    .whole('calendar as the body', (word) =>
      plainMail('Content-Type: text/calendar; method=REQUEST', calendar(word)),
    )
    .attached('folded plain value', 'b.vcf', (word) =>
      Buffer.from(`BEGIN:VCARD\r\nNOTE:${word.slice(0, 7)}\r\n ${word.slice(7)} and more\r\nEND:VCARD\r\n`),
    ).cases;
}

/** Every case of section 2.6. */
export function sealedTechniques(): Technique[] {
  return [...smime(), ...openpgp(), ...tnefs(), ...mailFiles(), ...partial(), ...calendars()];
}
