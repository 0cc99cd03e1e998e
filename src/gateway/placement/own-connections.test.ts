import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it } from 'node:test';
import { Channel } from '../channel.ts';
import { OwnConnections } from './own-connections.ts';

async function listening(t: { after: (fn: () => void) => void }) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const { port }: AddressInfo = address;
  const next = async (): Promise<Socket> => {
    const [socket]: Socket[] = await once(server, 'connection');
    assert.ok(socket !== undefined);
    t.after(() => socket.destroy());
    return socket;
  };
  return { port, next };
}

async function dial(
  t: { after: (fn: () => void) => void },
  port: number,
  localPort?: number,
): Promise<Socket> {
  const target = { host: '127.0.0.1', port, localAddress: '127.0.0.1' };
  const socket = connect(localPort === undefined ? target : { ...target, localPort });
  await once(socket, 'connect');
  t.after(() => socket.destroy());
  return socket;
}

it('knows a connection of our own that one of our listeners accepts, whichever end is seen first', async (t) => {
  const listener = await listening(t);
  for (const isAcceptedFirst of [true, false]) {
    const own = new OwnConnections();
    const [accepted, opened] = await Promise.all([listener.next(), dial(t, listener.port)]);
    const channel = Channel.accepted(opened);
    if (isAcceptedFirst) {
      assert.equal(own.accepted(accepted), false);
      assert.equal(own.opened(channel), true);
    } else {
      assert.equal(own.opened(channel), false);
      assert.equal(own.accepted(accepted), true);
    }
  }
});

it('takes no client for ourselves that has the port of one of our connections to somewhere else', async (t) => {
  const own = new OwnConnections();
  const [upstream, listener] = [await listening(t), await listening(t)];
  const [, opened] = await Promise.all([upstream.next(), dial(t, upstream.port)]);
  assert.equal(own.opened(Channel.accepted(opened)), false);
  const [accepted] = await Promise.all([listener.next(), dial(t, listener.port, opened.localPort)]);
  assert.equal(accepted.remotePort, opened.localPort);
  assert.equal(own.accepted(accepted), false);
});

it('knows one that the packet filter sent to us on its way to somewhere else', async (t) => {
  const own = new OwnConnections();
  const [upstream, listener] = [await listening(t), await listening(t)];
  const [, opened] = await Promise.all([upstream.next(), dial(t, upstream.port)]);
  own.opened(Channel.accepted(opened));
  const [accepted] = await Promise.all([listener.next(), dial(t, listener.port, opened.localPort)]);
  assert.equal(own.accepted(accepted, { address: '127.0.0.1', port: upstream.port }), true);
});
