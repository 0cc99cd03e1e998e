import { GatewayError } from '../base/errors.ts';
import type { MessageBytes } from '../scan/scanner.ts';
import type { Finding } from '../scan/verdict.ts';
import type { ScanSquad } from './scan-squad.ts';
import { inSharedMemory } from './self-test.ts';

/** The anti-malware test file of eicar.org, put together here so that no scanner takes this file for it. */
const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', '$EICAR-STANDARD-ANTIVIRUS-', 'TEST-FILE!$H+H*'].join('');

interface TrialMail {
  readonly name: string;
  readonly message: MessageBytes;
}

function mail(type: string, body: string | Uint8Array, encoding: '7bit' | 'base64' = '7bit'): MessageBytes {
  const content = Buffer.from(body);
  const lines = [
    'From: Ann <ann@example.org>',
    'To: Bob <bob@example.org>',
    'Subject: Minutes of the meeting, invoice and holidays',
    'Message-ID: <trial@example.org>',
    'MIME-Version: 1.0',
    `Content-Type: ${type}`,
    `Content-Transfer-Encoding: ${encoding}`,
    '',
    encoding === 'base64'
      ? content.toString('base64').replaceAll(/(.{76})/g, '$1\r\n')
      : content.toString('latin1'),
    '',
  ];
  return inSharedMemory(Buffer.from(lines.join('\r\n'), 'latin1'));
}

const PROSE = [
  'Hello Bob, please find attached the invoice for March and the minutes of our meeting.',
  'Click on the link to see the pictures: https://www.example.org/pictures?id=1',
  'Kind regards, Ann',
].join('\r\n');
const PAGE =
  '<!DOCTYPE html><html><head><style>p { color: red }</style></head><body><p>Hello <a href="https://example.org/">you</a></p><img src="cid:logo"><table><tr><td>1</td></tr></table></body></html>';
const PDF = '%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n';
/** One pixel. */
const IMAGE = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082',
  'hex',
);

/** Ordinary mail that no sound rule calls malware. */
function cleanMails(): readonly TrialMail[] {
  const invitation = 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR';
  return [
    { name: 'plain text', message: mail('text/plain; charset=us-ascii', PROSE) },
    { name: 'text in base64', message: mail('text/plain; charset=utf-8', `${PROSE} Grüße`, 'base64') },
    { name: 'a page', message: mail('text/html; charset=utf-8', PAGE) },
    { name: 'a PDF document', message: mail('application/pdf; name="a.pdf"', PDF, 'base64') },
    { name: 'a picture', message: mail('image/png; name="a.png"', IMAGE, 'base64') },
    { name: 'an invitation', message: mail('text/calendar; method=REQUEST', invitation) },
    { name: 'no content', message: mail('text/plain', '') },
  ];
}

async function findingsIn(squad: ScanSquad, message: MessageBytes): Promise<readonly Finding[]> {
  const end = await squad.judge(message);
  if (end.kind === 'failed') {
    throw new GatewayError('RULES_INVALID', `the rules fail on a trial message: ${end.detail}`);
  }
  const { verdict } = end.value;
  return verdict.kind === 'malicious' ? verdict.findings.filter((one) => one.class === 'malicious') : [];
}

/**
 * Proves a set on mail before it judges any: ordinary mail is not malware, and the EICAR test file is, when
 * `mustFindEicar`. Resolves with whether it is found. Rejects with `RULES_INVALID` that names the rule.
 */
export async function tryRules(squad: ScanSquad, mustFindEicar: boolean): Promise<boolean> {
  const eicarMail = mail('application/octet-stream; name="eicar.com"', EICAR, 'base64');
  // All threads at once: nobody is served before they are done.
  const [eicar, ...tried] = await Promise.all([
    findingsIn(squad, eicarMail),
    ...cleanMails().map(async ({ name, message }) => ({ name, found: await findingsIn(squad, message) })),
  ]);
  for (const { name, found } of tried) {
    const [first] = found;
    if (first !== undefined) {
      const rule = `${first.namespace}/${first.rule}`;
      throw new GatewayError('RULES_INVALID', `the rule ${rule} calls ordinary mail malicious (${name})`);
    }
  }
  if (mustFindEicar && eicar.length === 0) {
    throw new GatewayError('RULES_INVALID', 'the EICAR test file, which the rules in use find, is not found');
  }
  return eicar.length > 0;
}
