import type { Sample } from './clean-messages.ts';
import { eicar } from './eicar.ts';
import { attachedMessage, file, message, multipart, text, type Entity } from './entity.ts';
import { zipFile } from './sample-files.ts';

/** The EICAR test file in the places where real malware travels. */
export function infectedSamples(): readonly Sample[] {
  const note = text('Please open the attachment.\n');
  const program = file('setup.com', 'application/octet-stream', padded());
  const archive = file('setup.zip', 'application/zip', zipFile('setup.com', Buffer.from(eicar())));
  const inner = message('Original', multipart('mixed', 'inner', [note, program]), 91);
  return [
    [
      'EICAR in the body',
      'Infected body',
      text(`${eicar()}\n${'A second line of text follows.\n'.repeat(6)}`),
    ],
    ['EICAR in an attachment', 'Infected attachment', multipart('mixed', 'com', [note, program])],
    [
      'EICAR in quoted-printable',
      'Infected quoted-printable',
      multipart('mixed', 'qp', [note, hiddenInQuotedPrintable()]),
    ],
    [
      'EICAR in a forwarded mail',
      'Fwd: infected',
      multipart('mixed', 'nested', [note, attachedMessage(inner)]),
    ],
    ['EICAR in a zip', 'Infected archive', multipart('mixed', 'zipped', [note, archive])],
  ];
}

/** Line breaks behind the test file are allowed, and leave room for a readable notice. */
function padded(): Buffer {
  return Buffer.from(`${eicar()}${'\r\n'.repeat(60)}`);
}

/** Soft line breaks and needless escapes: the raw text does not contain the test file. */
function hiddenInQuotedPrintable(): Entity {
  const escaped = eicar().replace(
    /[O%P]/g,
    (character) => `=${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const broken = escaped.replace(/(?:=..|[^=]){1,20}/g, '$&=\r\n');
  const headers = [
    ['Content-Type', 'text/plain; name="notes.txt"'],
    ['Content-Transfer-Encoding', 'quoted-printable'],
  ] as const;
  return { headers, body: Buffer.from(`${broken}\r\n${'Harmless text around it.\r\n'.repeat(6)}`) };
}
