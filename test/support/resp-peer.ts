import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Commands of one connection, as far as they are whole: arrays of bulk strings (RESP). */
function commandsIn(bytes: Buffer): { readonly commands: string[][]; readonly rest: Buffer } {
  const commands: string[][] = [];
  let rest = bytes;
  for (;;) {
    const found = /^\*(\d+)\r\n/u.exec(rest.toString('latin1'));
    if (found === null) return { commands, rest };
    let at = found[0].length;
    const command: string[] = [];
    for (let left = Number(found[1]); left > 0; left -= 1) {
      const header = /^\$(\d+)\r\n/u.exec(rest.toString('latin1', at));
      const start = at + (header?.[0].length ?? 0);
      const end = start + Number(header?.[1] ?? 0);
      if (header === null || rest.length < end + 2) return { commands, rest };
      command.push(rest.toString('latin1', start, end));
      at = end + 2;
    }
    commands.push(command);
    rest = rest.subarray(at);
  }
}

/** What a peer says to one command; undefined: nothing. */
export type Answer = (command: readonly string[], socket: Socket) => string | Buffer | undefined;

/** As much of a server as a client needs to connect. */
export const greeting: Answer = ([name = '']) => {
  if (name === 'HELLO') return '%1\r\n$5\r\nproto\r\n:3\r\n';
  return name === 'PING' ? '+PONG\r\n' : '+OK\r\n';
};

/** A peer on loopback that does with its connections what the test says. */
export async function listen(t: TestContext, onSocket: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return `redis://127.0.0.1:${bound.port}`;
}

/** A peer that answers each command as the test says. */
export async function scripted(t: TestContext, answer: Answer): Promise<string> {
  return await listen(t, (socket) => {
    let waiting = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      const { commands, rest } = commandsIn(Buffer.concat([waiting, bytes]));
      waiting = Buffer.from(rest);
      for (const command of commands) {
        const reply = answer(command, socket);
        if (reply !== undefined) socket.write(reply);
      }
    });
  });
}
