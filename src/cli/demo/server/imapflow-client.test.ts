import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ImapFlow } from 'imapflow';
import { createDemoServer, type DemoServer } from './demo-server.ts';

const USER = 'ann@example.test';
const PASSWORD = 'p"a\\ss w';
const MULTIPART = Buffer.from(
  'Subject: parts\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\n--=b\r\n' +
    'Content-Type: text/plain\r\n\r\nhello\r\n--=b\r\nContent-Type: message/rfc822\r\n\r\n' +
    'Subject: inner\r\n\r\ninner text\r\n--=b--\r\n',
);

describe('imapflow with the server of the demo', () => {
  let server: DemoServer;
  before(async () => {
    server = await createDemoServer({ users: { [USER]: PASSWORD } });
    server.deliver(USER, Buffer.from('Subject: dots\r\n\r\n.one\r\n'));
    server.deliver(USER, MULTIPART);
  });
  after(() => server.close());

  for (const protocol of ['imap', 'imaps'] as const) {
    it(`reads, flags, searches and downloads over ${protocol}`, async () => {
      const client = new ImapFlow({
        host: server.address,
        port: server.ports[protocol],
        secure: protocol === 'imaps',
        tls: { ca: [server.certificate], servername: 'localhost' },
        auth: { user: USER, pass: PASSWORD },
        logger: false,
      });
      await client.connect();
      const lock = await client.getMailboxLock('INBOX');
      const message = await client.fetchOne('2', {
        source: true,
        envelope: true,
        bodyStructure: true,
        flags: true,
      });
      assert.ok(message);
      assert.deepEqual(message.source, MULTIPART);
      assert.equal(message.envelope?.subject, 'parts');
      assert.deepEqual(
        message.bodyStructure?.childNodes?.map((node) => node.type),
        ['text/plain', 'message/rfc822'],
      );
      assert.deepEqual(await client.search({ subject: 'dots' }), [1]);
      assert.ok((await client.list()).some((mailbox) => mailbox.path === 'Trash'));
      const { content } = await client.download('2', '2.1');
      assert.ok(content);
      const chunks = await content.toArray();
      assert.equal(Buffer.concat(chunks).toString(), 'inner text');
      lock.release();
      await client.logout();
    });
  }
});
