import { proseOf, archive, docx, html, jpeg, pdf, png, sentence } from './mail-texts.ts';
import {
  attachment,
  base64Lines,
  base64Part,
  type Entity,
  messagePart,
  multipart,
  plainPart,
  quotedPart,
  serialise,
} from './mime-writer.ts';
import { Seeded } from './seeded.ts';

export interface CorpusMessage {
  /** Unique, also the local part of its Message-ID. */
  readonly name: string;
  readonly kind: string;
  /** Exact bytes with CRLF line ends, the last line ended. */
  readonly bytes: Buffer;
}

/** What the whole corpus looks like; smaller runs keep the proportions. */
export const FULL_CORPUS = { count: 500, totalBytes: 150_000_000 };
export const QUICK_CORPUS = { count: 40, totalBytes: 12_000_000 };

const SMALL_SHARE = 287 / 500;
const SMALL_LIMIT = 30_000;
const LARGEST_BYTES = 20_000_000;
/** Base64 lines: 57 content bytes take 78 octets on the wire. */
const BASE64_COST = 78 / 57;

type Shape = (random: Seeded, size: number) => Entity;

const boundary = (random: Seeded) => `=_${random.hex(20)}`;
const raw = (size: number) => Math.max(200, Math.floor(size / BASE64_COST));
const cover = (random: Seeded) => plainPart(proseOf(random, 600));

const alternative: Shape = (random, size) =>
  multipart('alternative', boundary(random), [
    quotedPart(proseOf(random, size / 4, true)),
    quotedPart(html(random, size / 3), 'text/html; charset=utf-8'),
  ]);

const related: Shape = (random, size) => {
  const id = `${random.hex(12)}@images.example`;
  const image = base64Part('image/png; name="logo.png"', png(random, raw(size * 0.85)), [
    `Content-ID: <${id}>`,
    'Content-Disposition: inline; filename="logo.png"',
  ]);
  const page = quotedPart(html(random, size / 10, id), 'text/html; charset=utf-8');
  return multipart('related; type="text/html"', boundary(random), [page, image]);
};

const mixed =
  (type: string, extension: string, content: (random: Seeded, size: number) => Buffer): Shape =>
  (random, size) =>
    multipart(
      'mixed',
      boundary(random),
      [
        cover(random),
        attachment(
          type,
          `${random.pick(['report', 'Rechnung', 'scan', 'minutes'])}-${random.hex(4)}.${extension}`,
          content(random, raw(size)),
        ),
      ],
      'This is a multi-part message in MIME format.',
    );

const forward: Shape = (random, size) => {
  const shape = size < SMALL_LIMIT ? alternative : mixed('application/pdf', 'pdf', pdf);
  const nested = shape(random, size);
  const headers = [...envelope(random, `forwarded-${random.hex(8)}`), ...nested.headers];
  const once = messagePart(serialise({ headers, body: nested.body }));
  if (size >= SMALL_LIMIT || random.between(0, 1) === 0) {
    return multipart('mixed', boundary(random), [cover(random), once]);
  }
  const outer = multipart('mixed', boundary(random), [cover(random), once]);
  const twice = [...envelope(random, `again-${random.hex(8)}`), ...outer.headers];
  return multipart('mixed', boundary(random), [
    cover(random),
    messagePart(serialise({ headers: twice, body: outer.body })),
  ]);
};

const calendar: Shape = (random, size) => {
  const event = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'METHOD:REQUEST',
    'BEGIN:VEVENT',
    `UID:${random.hex(16)}`,
    'DTSTART:20260302T090000Z',
    'DTEND:20260302T100000Z',
    `SUMMARY:${sentence(random)}`,
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ].join('\r\n');
  return multipart('alternative', boundary(random), [
    plainPart(proseOf(random, size / 2)),
    base64Part('text/calendar; charset=utf-8; method=REQUEST', Buffer.from(event)),
  ]);
};

const signedSmime: Shape = (random, size) => {
  const content = random.bytes(1400);
  const signature = Buffer.concat([
    Buffer.from('30820580', 'hex'),
    Buffer.from('0482057c', 'hex'),
    content,
    random.bytes(4),
  ]);
  return multipart('signed; protocol="application/pkcs7-signature"; micalg=sha-256', boundary(random), [
    quotedPart(proseOf(random, size, true)),
    attachment('application/pkcs7-signature', 'smime.p7s', signature),
  ]);
};

const signedPgp: Shape = (random, size) => {
  const armour = `-----BEGIN PGP SIGNATURE-----\r\n\r\n${base64Lines(random.bytes(400)).toString('latin1')}=${random.hex(4)}\r\n-----END PGP SIGNATURE-----\r\n`;
  return multipart('signed; protocol="application/pgp-signature"; micalg=pgp-sha512', boundary(random), [
    plainPart(proseOf(random, size)),
    plainPart(armour, 'application/pgp-signature; name="signature.asc"'),
  ]);
};

const base64Text: Shape = (random, size) =>
  base64Part('text/plain; charset="utf-8"', Buffer.from(proseOf(random, raw(size), true)));

/** One line longer than SMTP allows: real mail has them, and line-buffering software breaks on them. */
const longLine: Shape = (random, size) => {
  const text = `${proseOf(random, size / 2)}${'wide '.repeat(Math.ceil(size / 10))}\r\n${sentence(random)}\r\n`;
  return plainPart(text, 'text/plain; charset=utf-8', '8bit');
};

const bounce: Shape = (random, size) =>
  multipart('report; report-type=delivery-status', boundary(random), [
    plainPart(proseOf(random, size / 2)),
    plainPart(
      `Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; nobody@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n`,
      'message/delivery-status',
    ),
    messagePart(
      serialise({
        headers: envelope(random, `bounced-${random.hex(8)}`),
        body: Buffer.from(proseOf(random, size / 3)),
      }),
    ),
  ]);

const empty: Shape = () => plainPart('');

const SMALL_SHAPES: readonly (readonly [string, Shape])[] = [
  ['plain', (random, size) => plainPart(proseOf(random, size))],
  ['quoted-printable', (random, size) => quotedPart(proseOf(random, size * 0.8, true))],
  [
    '8bit',
    (random, size) =>
      plainPart(proseOf(random, size, true), 'text/plain; charset=utf-8; format=flowed', '8bit'),
  ],
  ['alternative', alternative],
  ['related', related],
  ['forward', forward],
  ['calendar', calendar],
  ['signed-smime', signedSmime],
  ['signed-pgp', signedPgp],
  ['base64-text', base64Text],
  ['long-line', longLine],
  ['bounce', bounce],
  ['empty', empty],
  ['pdf', mixed('application/pdf', 'pdf', pdf)],
];

const LARGE_SHAPES: readonly (readonly [string, Shape])[] = [
  ['pdf', mixed('application/pdf', 'pdf', pdf)],
  ['zip', mixed('application/zip', 'zip', archive)],
  ['docx', mixed('application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'docx', docx)],
  ['photo', mixed('image/jpeg', 'jpg', jpeg)],
  ['related', related],
  ['forward', forward],
  [
    'log',
    mixed('text/plain; charset=utf-8', 'log', (random, size) =>
      Buffer.from(proseOf(random, Math.min(size, 4_000_000), true)),
    ),
  ],
];

/** Received, DKIM, a long folded References: what headers look like after a journey. */
function envelope(random: Seeded, id: string): string[] {
  const references = Array.from(
    { length: random.between(0, 40) },
    () => ` <${random.hex(24)}@lists.example.org>`,
  );
  return [
    'Return-Path: <sender@example.org>',
    `Received: from mx.example.org (mx.example.org [192.0.2.${random.between(1, 254)}])\r\n\tby mail.example.net with ESMTPS id ${random.hex(10)}\r\n\tfor <u1@example.net>; Fri, 2 Jan 2026 03:04:05 +0000`,
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=k1;\r\n\th=from:to:subject; bh=${random.bytes(32).toString('base64')};\r\n\tb=${random.bytes(64).toString('base64')}`,
    `From: =?utf-8?B?${Buffer.from('Jörg Müller').toString('base64')}?= <sender@example.org>`,
    'To: "Example, User" <u1@example.net>',
    `Subject: ${sentence(random)} =?iso-8859-1?Q?Gr=FC=DFe_${random.hex(4)}?=`,
    'Date: Fri, 2 Jan 2026 03:04:05 +0000',
    `Message-ID: <${id}@corpus.example>`,
    ...(references.length === 0 ? [] : [`References:${references.join('\r\n')}`]),
    'MIME-Version: 1.0',
  ];
}

/** Sizes from just above the small limit to the largest, steep enough that they add up to `total`. */
function largeSizes(count: number, total: number): number[] {
  const largest = Math.max(SMALL_LIMIT * 2, Math.min(LARGEST_BYTES, total / 7));
  const smallest = SMALL_LIMIT * 1.4;
  const sizesFor = (steepness: number) =>
    Array.from({ length: count }, (_, index) => {
      const position = (index + 1) / count;
      return smallest * (largest / smallest) ** (position ** steepness);
    });
  let [low, high] = [0.05, 60];
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    const sum = sizesFor(middle).reduce((left, right) => left + right, 0);
    [low, high] = sum > total ? [middle, high] : [low, middle];
  }
  return sizesFor(low).map(Math.floor);
}

function build(name: string, seed: string, size: number): CorpusMessage {
  const random = new Seeded(`${seed}/${name}`);
  const small = size < SMALL_LIMIT;
  const shapes = small ? SMALL_SHAPES : LARGE_SHAPES;
  const number = Number(name.slice(-4));
  const [kind, shape] = shapes[number % shapes.length] ?? random.pick(shapes);
  const content = shape(random, size);
  const bytes = serialise({ headers: [...envelope(random, name), ...content.headers], body: content.body });
  return { name, kind, bytes };
}

/**
 * Clean mail as mailboxes have it, the same for the same seed: 57 % of the messages are below 30 kB, the
 * others reach up to 20 MB; together about `totalBytes`. Large and small ones alternate.
 */
export function realisticMail(
  scale: { count: number; totalBytes: number },
  seed = 'postern',
): CorpusMessage[] {
  const small = Math.round(scale.count * SMALL_SHARE);
  const random = new Seeded(`${seed}/sizes`);
  const smallSizes = Array.from({ length: small }, () => random.between(700, 17_000));
  const rest = scale.totalBytes - smallSizes.reduce((left, right) => left + right, 0);
  const sizes = [...smallSizes, ...largeSizes(scale.count - small, rest)];
  // a fixed stride that shares no factor with the count visits every size once, mixed
  const stride = [7, 11, 13].find((candidate) => scale.count % candidate !== 0) ?? 1;
  return Array.from({ length: scale.count }, (_, index) =>
    build(`corpus-${String(index).padStart(4, '0')}`, seed, sizes[(index * stride) % scale.count] ?? 1000),
  );
}
