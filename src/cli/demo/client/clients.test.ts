import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { ImapClient } from './imap-client.ts';
import { Pop3Client } from './pop3-client.ts';
import { WireConnection, WireError, type Endpoint } from './wire-connection.ts';

/** Runs `use` against a peer that says `script` in pieces of `cut` octets and then closes. */
async function withPeer<T>(script: string, cut: number, use: (endpoint: Endpoint) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    for (let at = 0; at < script.length; at += cut) {
      socket.write(script.slice(at, at + cut), 'latin1');
    }
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  try {
    return await use({ host: '127.0.0.1', port: address.port, tls: 'off', user: 'u', password: 'p' });
  } finally {
    server.close();
    sockets.forEach((socket) => socket.destroy());
  }
}

const POP3 = '+OK hi\r\n+OK\r\n+OK\r\n';
const CUTS = [1, 2, 5, 10_000];

describe('the POP3 client', () => {
  const bodies: readonly (readonly [wire: string, body: string])[] = [
    ['.\r\n', ''],
    ['..\r\n.\r\n', '.\r\n'],
    ['..a\r\n...\r\nb.\r\n\r\n.\r\n', '.a\r\n..\r\nb.\r\n\r\n'],
    ['a\n.\nb\r\n.\r\n', 'a\n.\nb\r\n'],
  ];
  for (const [wire, body] of bodies) {
    it(`undoes the dots of ${JSON.stringify(wire)}`, async () => {
      for (const cut of CUTS) {
        await withPeer(`${POP3}+OK\r\n${wire}+OK next\r\n`, cut, async (endpoint) => {
          const client = await Pop3Client.open(endpoint);
          assert.equal((await client.multiLine('RETR 1')).toString('latin1'), body);
          assert.equal(await client.command('NOOP'), 'next');
          client.close();
        });
      }
    });
  }

  it('rejects with what the server says after -ERR, and when it closes inside a body', async () => {
    await assert.rejects(
      withPeer('+OK\r\n-ERR no\r\n', 99, (endpoint) => Pop3Client.open(endpoint)),
      /USER: -ERR no/,
    );
    await withPeer(`${POP3}+OK\r\nhalf`, 99, async (endpoint) => {
      const client = await Pop3Client.open(endpoint);
      await assert.rejects(() => client.multiLine('RETR 1'), WireError);
      client.close();
    });
  });
});

describe('the IMAP client', () => {
  it('takes literals as they are, whatever they look like', async () => {
    const literal = 'a2 OK\r\n.\r\n{3}\r\n\0\xff';
    const script = `* OK hi\r\na1 OK in\r\n* 1 FETCH (BODY[] {${literal.length}}\r\n${literal} UID 1)\r\na2 OK done\r\n`;
    for (const cut of CUTS) {
      await withPeer(script, cut, async (endpoint) => {
        const client = await ImapClient.open(endpoint);
        const reply = await client.must('FETCH 1 BODY[]');
        assert.deepEqual(reply.untagged, [
          { text: '* 1 FETCH (BODY[] {} UID 1)', literals: [Buffer.from(literal, 'latin1')] },
        ]);
        client.close();
      });
    }
  });

  it('rejects a BYE greeting, a NO, and a peer that closes inside a literal', async () => {
    await assert.rejects(
      withPeer('* BYE busy\r\n', 99, (endpoint) => ImapClient.open(endpoint)),
      /BYE busy/,
    );
    await assert.rejects(
      withPeer('* OK\r\na1 NO wrong\r\n', 99, (endpoint) => ImapClient.open(endpoint)),
      /LOGIN: NO wrong/,
    );
    await assert.rejects(
      withPeer('* OK\r\n* X {9}\r\nhalf', 99, (endpoint) => ImapClient.open(endpoint)),
      WireError,
    );
  });
});

it('a connection gives up at its deadline', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const endpoint = { host: '127.0.0.1', port: address.port, tls: 'off', user: '', password: '' } as const;
  const wire = await WireConnection.open(endpoint, 10);
  await assert.rejects(() => wire.readLine(), WireError);
  await assert.rejects(() => WireConnection.open({ ...endpoint, tls: 'implicit' }, 10), WireError);
  server.close();
});
