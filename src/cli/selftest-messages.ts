/** A message of the self-test and what has to become of it. */
export interface SelftestMessage {
  readonly name: string;
  readonly text: string;
  readonly infected: boolean;
}

/** The EICAR test file, put together here so that no file of ours is one. */
function testFile(): string {
  return ['X5O!P%@AP[4', '\\', 'PZX54(P^)7CC)7}$', 'EICAR-', 'STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join(
    '',
  );
}

function message(subject: string, type: string, body: readonly string[]): string {
  const header = [
    'From: selftest@example.org',
    'To: selftest@example.org',
    `Subject: ${subject}`,
    'Date: Thu, 01 Jan 2026 00:00:00 +0000',
    'MIME-Version: 1.0',
    `Content-Type: ${type}`,
  ];
  return [...header, '', ...body, ''].join('\r\n');
}

function withAttachment(subject: string): string {
  return message(subject, 'multipart/mixed; boundary="b1"', [
    '--b1',
    'Content-Type: text/plain',
    '',
    'See the attachment.',
    '--b1',
    'Content-Type: application/octet-stream; name="test.bin"',
    'Content-Transfer-Encoding: base64',
    '',
    Buffer.from(testFile()).toString('base64'),
    '--b1--',
  ]);
}

export function selftestMessages(): readonly SelftestMessage[] {
  const attachment = withAttachment('attachment');
  const nested = message('nested', 'multipart/mixed; boundary="b2"', [
    '--b2',
    'Content-Type: message/rfc822',
    '',
    attachment,
    '--b2--',
  ]);
  return [
    { name: 'clean text', infected: false, text: message('clean', 'text/plain', ['Nothing to see here.']) },
    { name: 'EICAR in the text', infected: true, text: message('text', 'text/plain', [testFile()]) },
    { name: 'EICAR in an attachment', infected: true, text: attachment },
    { name: 'EICAR in a nested message', infected: true, text: nested },
  ];
}
