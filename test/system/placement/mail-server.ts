/**
 * A mail server with one infected message, on the ports of its arguments, behind a proxy that says whom it speaks
 * for. Run inside a network of its own; prints the address of each client as a line.
 * Arguments: certificate file, key file, then `protocol:port` (imap, imaps, pop3, pop3s).
 */
import { readFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { readProxyHeader } from '../../../src/gateway/placement/proxy-header.ts';
import { eicar } from '../../corpus/eicar.ts';

const MESSAGE = `From: a@example\r\nSubject: test\r\nContent-Type: text/plain\r\n\r\n${eicar().toString('latin1')}\r\n`;

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

function lines(socket: Socket, answer: (line: string) => string | undefined): void {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const reply = answer(text.slice(0, end));
      text = text.slice(end + 2);
      if (reply === undefined) socket.end();
      else socket.write(reply);
    }
  });
}

function imapAnswer(line: string): string | undefined {
  const [tag = '', verb = ''] = line.split(' ');
  switch (verb.toUpperCase()) {
    case 'CAPABILITY':
      return `* CAPABILITY IMAP4rev1\r\n${tag} OK done\r\n`;
    case 'SELECT':
      return `* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n${tag} OK done\r\n`;
    case 'FETCH':
      return `* 1 FETCH (UID 1 BODY[] {${MESSAGE.length}}\r\n${MESSAGE})\r\n${tag} OK done\r\n`;
    default:
      return `${tag} OK done\r\n`;
  }
}

function pop3Answer(line: string): string | undefined {
  const verb = line.split(' ')[0]?.toUpperCase();
  if (verb === 'CAPA') return '+OK\r\nUSER\r\n.\r\n';
  if (verb === 'RETR') return `+OK ${MESSAGE.length} octets\r\n${MESSAGE}.\r\n`;
  return '+OK done\r\n';
}

function speak(protocol: string, socket: Socket): void {
  const isImap = protocol.startsWith('imap');
  socket.write(isImap ? '* OK [CAPABILITY IMAP4rev1] ready\r\n' : '+OK ready\r\n');
  lines(socket, isImap ? imapAnswer : pop3Answer);
}

const [certFile = '', keyFile = '', ...services] = process.argv.slice(2);
const pair = { cert: readFileSync(certFile), key: readFileSync(keyFile) };

for (const service of services) {
  const [protocol = '', port = ''] = service.split(':');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (first: Buffer) => {
      const header = readProxyHeader(first);
      if (header.kind !== 'header') return socket.destroy();
      tell(`${service} ${header.ends?.client.address} for ${header.ends?.destination.address}`);
      socket.pause();
      const rest = first.subarray(header.length);
      if (rest.length > 0) socket.unshift(rest);
      if (!protocol.endsWith('s')) {
        socket.resume();
        return speak(protocol, socket);
      }
      const secure = new TLSSocket(socket, { isServer: true, ...pair });
      secure.on('error', () => undefined);
      secure.once('secure', () => speak(protocol, secure));
      return undefined;
    });
  });
  server.listen(Number(port), '::', () => tell(`${service} listens`));
}
