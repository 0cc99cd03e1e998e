import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GatewayFixture } from '../support/gateway-fixture.ts';
import { eventually } from '../support/peer.ts';
import { ScriptedRelay } from '../support/scripted-relay.ts';

const relays = { imap: () => new ScriptedRelay(), pop3: () => new ScriptedRelay() };
/** All of them at one of two gateways would be an accident that nobody sees. */
const CLIENTS = 60;

describe('gateways on one port', () => {
  it('share the connections when they are told to, and who stops gets no more', async (t) => {
    const config = { reusePort: true };
    const first = await GatewayFixture.start(t, { relays, config });
    const second = await GatewayFixture.start(t, { relays, config, listener: { port: first.port } });
    assert.equal(second.port, first.port);
    const count = () => first.gateway.sessions.length + second.gateway.sessions.length;
    for (let index = 0; index < CLIENTS; index += 1) await first.connect();
    await eventually(() => count() === CLIENTS, 'all sessions');
    assert.ok(first.gateway.sessions.length > 0 && second.gateway.sessions.length > 0);
    await second.gateway.stop(0);
    for (let index = 0; index < CLIENTS; index += 1) await first.connect();
    await eventually(() => first.gateway.sessions.length > CLIENTS, 'all new ones');
    assert.equal(second.gateway.sessions.length, 0);
  });

  it('refuse a port that another one has, unless both are told to share it', async (t) => {
    const first = await GatewayFixture.start(t, { relays });
    const listener = { port: first.port };
    await assert.rejects(GatewayFixture.start(t, { relays, listener }), { code: 'LISTEN_FAILED' });
    const config = { reusePort: true };
    await assert.rejects(GatewayFixture.start(t, { relays, listener, config }), { code: 'LISTEN_FAILED' });
  });
});
