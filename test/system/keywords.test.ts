import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { infectedMail } from '../corpus/infected-mail.ts';
import { realisticMail } from '../corpus/realistic-mail.ts';
import { Dovecot } from './harness/dovecot.ts';
import { Gateway } from './harness/gateway.ts';
import { ImapReader } from './harness/imap-reader.ts';
import { imapEndpoint, PASSWORD, pop3Endpoint } from './harness/mail-server.ts';
import { Pop3Reader } from './harness/pop3-reader.ts';
import { Cleanup } from './harness/scratch.ts';
import { eventually } from './harness/wait.ts';

const READER = 'u1';
const EXAMINER = 'u2';
const POP3_USER = 'u3';
const IDLER = 'u4';
const SYNCER = 'u5';
const STORED_MS = 10_000;

function headerOf(message: Buffer): string {
  return message.toString('latin1').split('\r\n\r\n', 1)[0]?.trimEnd() ?? '';
}

describe('words to users of the running product', () => {
  const cleanup = new Cleanup();
  const infected = infectedMail();
  const clean = realisticMail({ count: 2, totalBytes: 20_000 });
  let dovecot: Dovecot;
  let gateway: Gateway;

  before(async () => {
    dovecot = cleanup.owns(await Dovecot.start());
    for (const user of [READER, EXAMINER, POP3_USER, IDLER, SYNCER]) {
      await dovecot.deliverAll(user, [...clean, ...infected]);
    }
    const notice = {
      keywords: ['$Phishing'],
      subjectTag: '[detection %DETECTIONNAME%] ',
      resultHeaders: true,
    };
    gateway = cleanup.owns(await Gateway.start(dovecot, { notice }));
  });
  after(() => cleanup.run());

  const expected = [
    ...clean.map((_, index) => `${index + 1} `),
    ...infected.map((_, index) => `${clean.length + index + 1} $Phishing`),
  ];

  async function marked(user: string): Promise<void> {
    await eventually('the keywords are stored', STORED_MS, async () => {
      const flags = await dovecot.flags(user);
      return flags.join() === expected.join() ? true : undefined;
    });
  }

  it('marks what was neutralised and nothing else; another client of the mailbox sees it', async () => {
    const other = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), READER);
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), READER);
    await reader.fetchAll();
    await reader.ok('NOOP');
    await marked(READER);
    const { untagged } = await other.ok('NOOP');
    const seen = untagged.filter(({ text }) => /FETCH \(.*\$Phishing/.test(text));
    assert.equal(seen.length, infected.length, untagged.map(({ text }) => text).join('\n'));
    await reader.logout();
    await other.logout();
    assert.equal(await gateway.metric('postern_gateway_words_total', 'outcome="set"'), infected.length);
  });

  it('leaves it to the user to take the keyword away', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), READER);
    await reader.ok('STORE 1:* -FLAGS ($Phishing)');
    await reader.fetchAll();
    await reader.ok('NOOP');
    await reader.logout();
    assert.ok((await dovecot.flags(READER)).every((line) => !line.includes('$Phishing')));
  });

  it('tells a client with CONDSTORE flags and MODSEQ together', async () => {
    const reader = await ImapReader.connect(imapEndpoint(gateway, 'clear'));
    await reader.ok(`LOGIN ${SYNCER} ${PASSWORD}`);
    await reader.ok('SELECT INBOX (CONDSTORE)');
    const said = [...(await reader.ok('UID FETCH 1:* (BODY.PEEK[])')).untagged];
    await marked(SYNCER);
    said.push(...(await reader.ok('NOOP')).untagged);
    const told = said.filter(({ text }) => /FETCH.*\$Phishing/.test(text) && /MODSEQ \(\d+\)/.test(text));
    assert.equal(told.length, infected.length, said.map(({ text }) => text).join('\n'));
    assert.ok(said.every(({ text }) => !/MODSEQ/.test(text) || /FLAGS/.test(text)));
    await reader.logout();
  });

  it('changes nothing in a mailbox that was opened with EXAMINE', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), EXAMINER);
    await reader.ok('EXAMINE INBOX');
    await reader.fetchAll();
    await reader.ok('NOOP');
    await reader.logout();
    assert.ok((await dovecot.flags(EXAMINER)).every((line) => !line.includes('$Phishing')));
  });

  it('waits while a client idles', async () => {
    const reader = await ImapReader.inbox(imapEndpoint(gateway, 'clear'), IDLER);
    const last = clean.length + infected.length;
    const fetching = reader.send(`UID FETCH ${last} (BODY.PEEK[])`);
    const idling = reader.send('IDLE');
    await reader.completion(fetching);
    assert.match(await reader.wire.line(), /^(?:\+|\*)/);
    reader.wire.send('DONE\r\n');
    await reader.completion(idling);
    await reader.fetchAll();
    await reader.ok('NOOP');
    await marked(IDLER);
    await reader.logout();
  });

  it('tags the subject over POP3, with every size as announced and TOP as RETR', async () => {
    const reader = await Pop3Reader.login(pop3Endpoint(gateway, 'clear'), POP3_USER);
    const full: string[] = [];
    const small: string[] = [];
    for (const [index, { name, bytes }] of infected.entries()) {
      const number = clean.length + index + 1;
      const message = await reader.retr(number);
      assert.equal(message.length, bytes.length);
      const header = headerOf(message);
      assert.equal(headerOf(await reader.multi(`TOP ${number} 0`)), header);
      if (header === headerOf(bytes)) {
        small.push(name);
        continue;
      }
      assert.match(header, /^Subject: +\[detection [\w.]+\](?:\r\n)? invoice/m);
      if (header.includes('X-Postern-')) full.push(name);
    }
    assert.deepEqual(small, [], 'a subject tag fits into the smallest');
    assert.ok(full.includes('infected-large'), 'there is room for more in a large one');
    for (const [index, { bytes }] of clean.entries()) {
      assert.ok((await reader.retr(index + 1)).equals(bytes), 'clean mail is never tagged');
    }
    await reader.quit();
  });
});
