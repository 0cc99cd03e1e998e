/**
 * A client that knows nothing of a gateway: it dials a server on its own port and fetches the one message.
 * Arguments: `protocol:port`, address, name of the server, file with the authorities it trusts. Prints the message.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const [service = '', host = '', servername = '', caFile = ''] = process.argv.slice(2);
const [protocol = '', port = ''] = service.split(':');
const WAIT_MS = 20_000;

function dial(): Socket {
  const target = { host, port: Number(port) };
  return protocol.endsWith('s')
    ? connectTls({ ...target, servername, ca: readFileSync(caFile) })
    : connect(target);
}

async function until(socket: Socket, marker: string): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    let text = '';
    socket.on('data', function listen(chunk: Buffer) {
      text += chunk.toString('latin1');
      if (!text.includes(marker)) return;
      socket.off('data', listen);
      resolve(text);
    });
    socket.once('close', () => reject(new Error(`closed before ${JSON.stringify(marker)}: ${text}`)));
  });
}

const STEPS = protocol.startsWith('imap')
  ? [
      ['', '\r\n'],
      ['a LOGIN ann secret\r\n', 'a OK'],
      ['b SELECT INBOX\r\n', 'b OK'],
      ['c FETCH 1 BODY[]\r\n', 'c OK'],
    ]
  : [
      ['', '\r\n'],
      ['USER ann\r\n', '+OK'],
      ['PASS secret\r\n', '+OK'],
      ['RETR 1\r\n', '\r\n.\r\n'],
    ];

const socket = dial();
socket.setTimeout(WAIT_MS, () => socket.destroy(new Error('no answer in time')));
let heard = '';
for (const [say = '', marker = ''] of STEPS) {
  const answer = until(socket, marker);
  if (say !== '') socket.write(say);
  heard = await answer;
}
process.stdout.write(`${heard}\n`);
socket.destroy();
