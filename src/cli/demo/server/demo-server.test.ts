import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ImapClient } from '../client/imap-client.ts';
import { Pop3Client } from '../client/pop3-client.ts';
import { WireConnection, WireError, type Endpoint } from '../client/wire-connection.ts';
import { createDemoServer, type DemoServer } from './demo-server.ts';
import { MAIL_PROTOCOLS, type MailProtocol } from './traffic.ts';

const USER = 'ann@example.test';
const PASSWORD = 'p"a\\ss w';
const TEXT = Buffer.from(
  'From: =?utf-8?q?A=2E?= "B" <b@example.test>\r\nTo: x@example.test, "Y, Z" <y@example.test>\r\n' +
    'Subject: dots\r\nMessage-ID: <1@example.test>\r\n\r\n.one\r\n..two\r\nthree {5}\r\n.\r\nend\r\n',
);
const MULTIPART = Buffer.from(
  'Subject: parts\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\npreamble\r\n--=b\r\n' +
    'Content-Type: text/plain\r\n\r\nhello\r\n--=b\r\nContent-Type: message/rfc822\r\n\r\n' +
    'Subject: inner\r\n\r\ninner text\r\n--=b--\r\n',
);

let server: DemoServer;
const errors: unknown[] = [];
before(async () => {
  server = await createDemoServer({ users: { [USER]: PASSWORD }, onError: (error) => errors.push(error) });
  server.deliver(USER, TEXT, { flags: ['\\Seen'] });
  server.deliver(USER, MULTIPART);
});
after(async () => {
  await server.close();
  assert.deepEqual(errors, []);
});

function endpoint(protocol: MailProtocol, tls: Endpoint['tls'] = defaultTls(protocol)): Endpoint {
  return { host: server.address, port: server.ports[protocol], tls, user: USER, password: PASSWORD };
}

function defaultTls(protocol: MailProtocol): Endpoint['tls'] {
  return protocol === 'imaps' || protocol === 'pop3s' ? 'implicit' : 'starttls';
}

async function withImap(
  use: (client: ImapClient) => Promise<void>,
  from: DemoServer = server,
): Promise<void> {
  const client = await ImapClient.open({ ...endpoint('imap', 'off'), port: from.ports.imap });
  try {
    await use(client);
  } finally {
    client.close();
  }
}

async function withOwnServer(use: (own: DemoServer) => Promise<void>): Promise<void> {
  const own = await createDemoServer({ users: { [USER]: PASSWORD } });
  try {
    await use(own);
  } finally {
    await own.close();
  }
}

describe('every protocol', () => {
  for (const protocol of MAIL_PROTOCOLS) {
    it(`${protocol} serves messages byte-exact over TLS`, async () => {
      assert.deepEqual(await fetchFirst(endpoint(protocol), protocol), TEXT);
    });
  }
  it('the plain ports serve clear text as well', async () => {
    assert.deepEqual(await fetchFirst(endpoint('imap', 'off'), 'imap'), TEXT);
    assert.deepEqual(await fetchFirst(endpoint('pop3', 'off'), 'pop3'), TEXT);
  });
  for (const protocol of MAIL_PROTOCOLS) {
    it(`${protocol} refuses a wrong password`, async () => {
      await assert.rejects(fetchFirst({ ...endpoint(protocol), password: 'wrong' }, protocol), WireError);
    });
  }
});

async function fetchFirst(from: Endpoint, protocol: MailProtocol): Promise<Buffer | undefined> {
  if (protocol.startsWith('pop3')) {
    const client = await Pop3Client.open(from);
    const bytes = await client.multiLine('RETR 1');
    await client.quit();
    return bytes;
  }
  const client = await ImapClient.open(from);
  await client.must('SELECT INBOX');
  const reply = await client.must('UID FETCH 1 BODY.PEEK[]');
  await client.logout();
  return reply.untagged[0]?.literals[0];
}

describe('IMAP', () => {
  const sections: readonly (readonly [item: string, expected: string])[] = [
    ['2 BODY.PEEK[1]', '* 2 FETCH (BODY[1] {})|hello'],
    ['2 BODY.PEEK[1.MIME]', '* 2 FETCH (BODY[1.MIME] {})|Content-Type: text/plain\r\n\r\n'],
    ['2 BODY.PEEK[2.1]', '* 2 FETCH (BODY[2.1] {})|inner text'],
    ['2 BODY.PEEK[2.HEADER]', '* 2 FETCH (BODY[2.HEADER] {})|Subject: inner\r\n\r\n'],
    ['2 BODY.PEEK[2.TEXT]', '* 2 FETCH (BODY[2.TEXT] {})|inner text'],
    ['2 BODY.PEEK[3]', '* 2 FETCH (BODY[3] NIL)'],
    ['2 BODY.PEEK[1.1]', '* 2 FETCH (BODY[1.1] NIL)'],
    ['1 BODY.PEEK[1]<1.3>', '* 1 FETCH (BODY[1]<1> {})|one'],
    ['1 BODY.PEEK[]<9999.5>', '* 1 FETCH (BODY[]<9999> {})|'],
    [
      '1 (BODY.PEEK[HEADER.FIELDS (Subject X-None)])',
      '* 1 FETCH (BODY[HEADER.FIELDS (Subject X-None)] {})|Subject: dots\r\n\r\n',
    ],
    ['1 RFC822.SIZE', `* 1 FETCH (RFC822.SIZE ${TEXT.length})`],
    ['1:* UID', '* 1 FETCH (UID 1)'],
    [
      '1 ENVELOPE',
      '* 1 FETCH (ENVELOPE (NIL "dots" (("=?utf-8?q?A=2E?= \\"B\\"" NIL "b" "example.test")) (("=?utf-8?q?A=2E?= \\"B\\"" NIL "b" "example.test")) (("=?utf-8?q?A=2E?= \\"B\\"" NIL "b" "example.test")) ((NIL NIL "x" "example.test")("Y, Z" NIL "y" "example.test")) NIL NIL NIL "<1@example.test>"))',
    ],
    [
      '2 BODYSTRUCTURE',
      '* 2 FETCH (BODYSTRUCTURE (("TEXT" "PLAIN" NIL NIL NIL "7bit" 5 0 NIL NIL NIL NIL)("MESSAGE" "RFC822" NIL NIL NIL "7bit" 28 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7bit" 10 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) "MIXED" ("boundary" "=b") NIL NIL NIL))',
    ],
  ];
  for (const [item, expected] of sections) {
    it(`answers FETCH ${item}`, () =>
      withImap(async (client) => {
        await client.must('EXAMINE INBOX');
        const line = (await client.must(`FETCH ${item}`)).untagged[0];
        const literal = line?.literals[0]?.toString('latin1');
        const answer = literal === undefined ? line?.text : `${line?.text}|${literal}`;
        assert.equal(answer, expected);
      }));
  }

  it('sets \\Seen for BODY[] and not for BODY.PEEK[], and never in EXAMINE', () =>
    withOwnServer(async (own) => {
      const message = own.deliver(USER, TEXT);
      await withImap(async (client) => {
        await client.must('EXAMINE INBOX');
        await client.must('FETCH 1 BODY[]');
        await client.must('SELECT INBOX');
        await client.must('FETCH 1 BODY.PEEK[]');
        assert.deepEqual([...message.flags], []);
        const reply = await client.must('FETCH 1 BODY[]');
        assert.equal(reply.untagged[0]?.text, '* 1 FETCH (FLAGS (\\Seen) BODY[] {})');
        assert.deepEqual([...message.flags], ['\\Seen']);
      }, own);
    }));

  it('appends with a synchronising and a non-synchronising literal', () =>
    withOwnServer(async (own) => {
      await withImap(async (client) => {
        const reply = await client.must(
          `APPEND Drafts (\\seen $Junk) {${TEXT.length}+}\r\n${TEXT.toString()}`,
        );
        assert.match(reply.text, /^\[APPENDUID \d+ 1\]/);
      }, own);
      const wire = await WireConnection.open({ ...endpoint('imap', 'off'), port: own.ports.imap });
      await wire.readLine();
      wire.write(`a LOGIN "${USER}" {${PASSWORD.length}}\r\n`);
      assert.equal((await wire.readLine()).toString(), '+ OK');
      wire.write(`${PASSWORD}\r\n`);
      assert.match((await wire.readLine()).toString(), /^a OK/);
      wire.close();
      const [stored] = own.account(USER).get('Drafts')?.messages ?? [];
      assert.deepEqual(stored?.bytes, TEXT);
      assert.deepEqual([...(stored?.flags ?? [])], ['\\Seen', '$Junk']);
    }));

  it('expunges by UID, copies with COPYUID, and tells another session of both', () =>
    withOwnServer(async (own) => {
      for (let count = 0; count < 3; count += 1) {
        own.deliver(USER, TEXT);
      }
      await withImap(async (watcher) => {
        await watcher.must('SELECT INBOX');
        await withImap(async (client) => {
          await client.must('SELECT INBOX');
          assert.match((await client.must('UID COPY 2:3 Trash')).text, /^\[COPYUID \d+ 2,3 1,2\]/);
          await client.must('UID STORE 1,3 +FLAGS.SILENT (\\Deleted)');
          const reply = await client.must('UID EXPUNGE 3:*');
          assert.deepEqual(texts(reply.untagged), ['* 3 EXPUNGE']);
        }, own);
        const during = await watcher.must('FETCH 3 UID');
        assert.deepEqual(texts(during.untagged).slice(0, 1), ['* 3 FETCH (UID 3)']);
        assert.ok(!texts(during.untagged).includes('* 3 EXPUNGE'), 'EXPUNGE waits during FETCH');
        assert.ok(texts((await watcher.must('NOOP')).untagged).includes('* 3 EXPUNGE'));
      }, own);
    }));

  it('pushes a delivery to an idling session', () =>
    withOwnServer(async (own) => {
      await withImap(async (client) => {
        await client.must('SELECT INBOX');
        await client.idle();
        own.deliver(USER, TEXT);
        assert.equal((await client.nextLine()).text, '* 1 EXISTS');
      }, own);
    }));

  const searches: readonly (readonly [keys: string, found: string])[] = [
    ['ALL', '* SEARCH 1 2'],
    ['UNSEEN', '* SEARCH 2'],
    ['NOT SEEN SUBJECT "PARTS"', '* SEARCH 2'],
    ['OR SUBJECT dots SUBJECT nothing', '* SEARCH 1'],
    ['CHARSET UTF-8 (BODY "inner text" LARGER 10)', '* SEARCH 2'],
    ['HEADER Message-ID 1@', '* SEARCH 1'],
    ['SINCE 1-Jan-2020 BEFORE 1-Jan-2021', '* SEARCH'],
    ['UID 2:*', '* SEARCH 2'],
  ];
  for (const [keys, found] of searches) {
    it(`answers SEARCH ${keys}`, () =>
      withImap(async (client) => {
        await client.must('EXAMINE INBOX');
        assert.deepEqual(texts((await client.must(`SEARCH ${keys}`)).untagged), [found]);
      }));
  }

  it('takes search keys 20 deep, not 21', () =>
    withImap(async (client) => {
      await client.must('EXAMINE INBOX');
      await client.must(`SEARCH ${'NOT '.repeat(20)}ALL`);
      assert.equal((await client.command(`SEARCH ${'NOT '.repeat(21)}ALL`)).status, 'BAD');
    }));

  const refusals = [
    'FETCH 1 (BODY[FOO])',
    'FETCH 99 UID',
    'FETCH',
    'FROB',
    'UID NOOP',
    'SEARCH FROB',
    'LIST',
  ];
  for (const command of refusals) {
    it(`answers BAD to ${command} and goes on`, () =>
      withImap(async (client) => {
        await client.must('EXAMINE INBOX');
        assert.equal((await client.command(command)).status, 'BAD');
        await client.must('NOOP');
      }));
  }

  it('ends the session when a line is over 64 KiB', () =>
    withImap(async (client) => {
      await client.must(`ID ("x" "${'x'.repeat(60_000)}")`);
      await assert.rejects(async () => {
        await client.command(`ID ("x" "${'x'.repeat(66_000)}")`);
      }, WireError);
    }));

  for (const [protocol, command] of [
    ['imap', 'a STARTTLS\r\nb NOOP\r\n'],
    ['pop3', 'STLS\r\nCAPA\r\n'],
  ] as const) {
    it(`${protocol}: ends the session when bytes came before the TLS handshake`, async () => {
      const wire = await WireConnection.open(endpoint(protocol, 'off'));
      wire.write(command);
      const lines = (await wire.readToEnd()).toString().trim().split('\r\n');
      assert.equal(lines.length, 2, 'greeting and the reply to STARTTLS');
      wire.close();
    });
  }
});

function texts(lines: readonly { readonly text: string }[]): string[] {
  return lines.map((line) => line.text);
}

async function withPop3(use: (client: Pop3Client) => Promise<void>): Promise<void> {
  const client = await Pop3Client.open(endpoint('pop3', 'off'));
  try {
    await use(client);
  } finally {
    client.close();
  }
}

describe('POP3', () => {
  it('lists sizes and unique ids that agree with RETR', () =>
    withPop3(async (client) => {
      assert.equal(await client.command('STAT'), `2 ${TEXT.length + MULTIPART.length}`);
      assert.equal(
        (await client.multiLine('LIST')).toString(),
        `1 ${TEXT.length}\r\n2 ${MULTIPART.length}\r\n`,
      );
      assert.match((await client.multiLine('UIDL')).toString(), /^1 \d+-1\r\n2 \d+-2\r\n$/);
      assert.deepEqual(await client.multiLine('RETR 2'), MULTIPART);
    }));

  it('TOP sends the header and the asked number of lines', () =>
    withPop3(async (client) => {
      const header = TEXT.toString().split('\r\n\r\n', 1)[0];
      assert.equal((await client.multiLine('TOP 1 0')).toString(), `${header}\r\n\r\n`);
      assert.equal((await client.multiLine('TOP 1 2')).toString(), `${header}\r\n\r\n.one\r\n..two\r\n`);
    }));

  it('deletes at QUIT, and RSET takes it back', () =>
    withOwnServer(async (own) => {
      own.deliver(USER, TEXT);
      const at = { ...endpoint('pop3', 'off'), port: own.ports.pop3 };
      const first = await Pop3Client.open(at);
      await first.command('DELE 1');
      await assert.rejects(() => first.command('RETR 1'), WireError);
      await first.command('RSET');
      await first.quit();
      assert.equal(own.account(USER).inbox.messages.length, 1);
      const second = await Pop3Client.open(at);
      await second.command('DELE 1');
      await second.quit();
      assert.equal(own.account(USER).inbox.messages.length, 0);
    }));
});

describe('measuring and misbehaving', () => {
  it('counts bytes and commands of each connection and in total', () =>
    withOwnServer(async (own) => {
      own.deliver(USER, TEXT);
      await withImap(async (client) => {
        await client.must('SELECT INBOX');
        const sentBefore = own.traffic.bytesSent;
        const reply = await client.must('UID FETCH 1 BODY.PEEK[]');
        const response = `* 1 FETCH (UID 1 BODY[] {${TEXT.length}}\r\n${TEXT.toString()})\r\na3 OK ${reply.text}\r\n`;
        assert.equal(own.traffic.bytesSent - sentBefore, response.length);
        const [connection] = own.traffic.connections;
        assert.equal(connection?.bytesSent, own.traffic.bytesSent);
        assert.equal(connection?.user, USER);
        assert.equal(connection?.commands.get('UID FETCH'), 1);
      }, own);
    }));

  it('closes inside a literal or a multi-line body when told to', () =>
    withOwnServer(async (own) => {
      own.deliver(USER, TEXT);
      own.setFault(() => ({ cutAfterBytes: 10 }));
      const imap = await WireConnection.open({ ...endpoint('imap', 'off'), port: own.ports.imap });
      imap.write(`a LOGIN ${USER} "p\\"a\\\\ss w"\r\nb SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\n`);
      assert.ok((await imap.readToEnd()).toString().endsWith(`}\r\n${TEXT.toString().slice(0, 10)}`));
      imap.close();
      const pop3 = await Pop3Client.open({ ...endpoint('pop3', 'off'), port: own.ports.pop3 });
      await assert.rejects(() => pop3.multiLine('RETR 1'), /closed the connection/);
      pop3.close();
    }));

  it('delays only the message it is asked to delay', () =>
    withOwnServer(async (own) => {
      own.deliver(USER, TEXT);
      own.deliver(USER, TEXT);
      const asked: number[] = [];
      own.setFault((event) => {
        asked.push(event.uid);
        return event.uid === 2 ? { delayMs: 20 } : undefined;
      });
      await withImap(async (client) => {
        await client.must('SELECT INBOX');
        const start = performance.now();
        const reply = await client.must('FETCH 1:2 BODY.PEEK[]');
        assert.ok(performance.now() - start >= 19);
        assert.deepEqual(reply.untagged[1]?.literals, [TEXT]);
        assert.deepEqual(asked, [1, 2]);
      }, own);
    }));

  it('rejects when a port is taken', async () => {
    const ports = { imap: server.ports.imap };
    await assert.rejects(() => createDemoServer({ users: {}, ports }), /EADDRINUSE/);
  });
});
